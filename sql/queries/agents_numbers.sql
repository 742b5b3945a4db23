-- name: agents_numbers
-- purpose: the phone numbers of these agents
-- param: 1 jsonb array of names of agents
-- returns: phone_number text
select n.phone_number from trunkd.phone_number n
where n.agent in (select jsonb_array_elements_text($1)) order by n.phone_number;
