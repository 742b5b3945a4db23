-- name: delete_number
-- purpose: take rows away; what was made for them is removed by the daemon
-- param: 1 jsonb array of names
-- returns: name text
delete from trunkd.phone_number t where t.phone_number in (select jsonb_array_elements_text($1)) returning t.phone_number as name;
