-- name: describe_number
-- purpose: a phone number with what describe needs beside the view: remedy, agent, in how many seconds it is tried next, for how long it is so,
--          and what its trunk waits for
-- param: 1 text phone number
-- returns: row text, remedy text, agent text, next_in int8, age int8, trunk_words text
select row_to_json(v)::text as "row", r.remedy, row_to_json(a)::text as agent,
       extract(epoch from v.next_attempt_at - clock_timestamp())::int8 as next_in, extract(epoch from clock_timestamp() - v.since)::int8 as age,
       (select s.message from trunkd.trunk_state s where v.trunk in (s.name, s.id::text) and not s.settled and s.message <> '' limit 1) as trunk_words
from trunkd.number v
left join trunkd.reason r on r.name = v.reason
left join trunkd.agent_state a on a.name = v.agent
where v.phone_number = $1;
