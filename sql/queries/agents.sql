-- name: agents
-- purpose: which agent answers which number, as JSON; agents without a number too, and last the numbers without an agent
-- param: 1 jsonb array of names of agents; null for all, and for the numbers that have none
-- param: 2 jsonb labels that the agent must carry; {} for any, and for the numbers that have none
-- returns: name text, row text, age int8
select coalesce(a.name, '') as name,
       json_build_object('agent', a.name, 'dispatch_name', a.dispatch_name, 'phone_number', n.phone_number, 'label', n.label,
                         'status', n.status, 'reason', n.reason)::text as "row", extract(epoch from clock_timestamp() - n.since)::int8 as age
from trunkd.agent_state a full join (select v.* from trunkd.number v where v.generation is not null) n on n.agent = a.name
where (($1)::jsonb is null or a.name in (select jsonb_array_elements_text($1))) and (($2)::jsonb = '{}' or a.labels @> $2)
order by a.name nulls last, n.phone_number;
