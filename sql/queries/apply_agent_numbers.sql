-- name: apply_agent_numbers
-- purpose: an agent has exactly the listed numbers; only what changes is in the answer
-- param: 1 text name of the agent
-- param: 2 jsonb array of phone numbers
-- returns: phone_number text, agent text
update trunkd.phone_number n
set agent = case when n.phone_number in (select jsonb_array_elements_text($2)) then $1 end
where n.phone_number in (
    select o.phone_number from trunkd.phone_number o where o.agent = $1
    union select jsonb_array_elements_text($2))
  and (n.agent is distinct from $1 or n.phone_number not in (select jsonb_array_elements_text($2)))
returning n.phone_number, n.agent;
