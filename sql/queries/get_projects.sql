-- name: get_projects
-- purpose: LiveKit projects, as JSON with the keys of the view, and for how long in seconds
-- param: 1 jsonb array of names; null for all
-- param: 2 jsonb labels that it must carry; {} for any
-- returns: name text, row text, age int8, id text
select v.name as name, row_to_json(v)::text as "row", extract(epoch from clock_timestamp() - v.since)::int8 as age, v.name as id
from trunkd.account_state v
where (($1)::jsonb is null or v.name in (select jsonb_array_elements_text($1))) and v.provider = 'livekit' and ($2)::jsonb is not null
order by 1;
