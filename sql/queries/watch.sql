-- name: watch
-- purpose: how far some objects are, in the order asked for; what is not there and of which nothing is left is gone, and what has a wish that
--          is not taken yet is not settled. Of a number that waits for nothing but its trunk it says what that waits for
-- param: 1 jsonb array of objects with type (number, trunk, agent, account) and name
-- returns: n int8, present bool, status text, reason text, message text, remedy text, seen bool, settled bool, gone bool
with target as materialized (
    select t.n, t.item ->> 'type' as type, t.item ->> 'name' as name from jsonb_array_elements($1) with ordinality as t (item, n))
select t.n, v.phone_number is not null as present, v.status, v.reason, coalesce(w.words, v.message) as message, r.remedy,
       coalesce(v.observed_generation = v.generation, false) as seen,
       coalesce(v.settled, false) and not exists (select from trunkd.request q where q.object_type = 'number' and q.object = v.phone_number) as settled,
       v.phone_number is null and trunkd.gone(t.name) as gone
from target t
left join trunkd.number v on v.phone_number = t.name
left join trunkd.reason r on r.name = v.reason
left join lateral (select format('its trunk: %s', s.message) as words from trunkd.trunk_state s
                   where v.reason = 'UpToDate' and not v.settled and v.trunk in (s.name, s.id::text) and not s.settled and s.message <> '' limit 1) w on true
where t.type = 'number'
union all
select t.n, v.id is not null, v.status, v.reason, v.message, r.remedy, coalesce(v.observed_generation = v.generation, false),
       coalesce(v.settled, false) and not exists (select from trunkd.request q where q.object_type = 'trunk' and q.object = v.id::text), v.id is null
from target t
left join trunkd.trunk_state v on t.name in (v.name, v.id::text)
left join trunkd.reason r on r.name = v.reason
where t.type = 'trunk'
union all
select t.n, v.name is not null, case when v.settled then 'settled' else 'pending' end, '', '', '', coalesce(v.settled, false),
       coalesce(v.settled, false), v.name is null
from target t
left join trunkd.agent_state v on v.name = t.name
where t.type = 'agent'
union all
select t.n, v.name is not null, case when v.retiring then 'deleting' else 'active' end, v.condition, v.message, r.remedy,
       coalesce(v.settled, false), coalesce(v.settled, false), v.name is null
from target t
left join trunkd.account_state v on v.name = t.name
left join trunkd.reason r on r.name = v.condition
where t.type = 'account'
order by 1;
