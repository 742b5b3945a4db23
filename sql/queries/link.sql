-- name: link
-- purpose: let an agent answer numbers, or nobody; says how each was before
-- param: 1 jsonb array of phone numbers
-- param: 2 text name of the agent; null for nobody
-- returns: name text, present bool, agent text, inbound bool
with target as materialized (
    select t.n, t.name from jsonb_array_elements_text($1) with ordinality as t (name, n)),
linked as (
    update trunkd.phone_number set agent = $2
    where phone_number in (select t.name from target t) and agent is distinct from $2
    returning phone_number)
select t.name, p.phone_number is not null as present, p.agent, p.supports_inbound as inbound
from target t
left join trunkd.phone_number p on p.phone_number = t.name
order by t.n;
