-- name: unknown_numbers
-- purpose: which of these phone numbers have no row
-- param: 1 jsonb array of phone numbers
-- returns: phone_number text
select l.phone_number from jsonb_array_elements_text($1) as l (phone_number)
where not exists (select from trunkd.phone_number n where n.phone_number = l.phone_number);
