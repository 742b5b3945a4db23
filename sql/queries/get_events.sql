-- name: get_events
-- purpose: the newest events, oldest of them first; trunks are named by their name
-- param: 1 jsonb array of names; null for all
-- param: 2 int8 how many; null for all
-- param: 3 int8 only those with a greater id; 0 for all
-- returns: name text, row text, age int8, id int8, at text
select v.object as name, row_to_json(v)::text as "row", extract(epoch from clock_timestamp() - v.at)::int8 as age, v.id,
       to_char(v.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at
from (select e.id, e.at, e.object_type, coalesce(t.name, e.object) as object, e.account, e.reason, e.message, e.detail
      from trunkd.event e
      left join trunkd.trunk_state t on e.object_type = 'trunk' and t.id::text = e.object
      where e.id > $3
        and (($1)::jsonb is null or e.object in (select jsonb_array_elements_text($1)) or t.name in (select jsonb_array_elements_text($1)))
      order by e.id desc limit $2) v
order by v.id;
