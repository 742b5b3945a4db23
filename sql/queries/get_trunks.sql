-- name: get_trunks
-- purpose: trunks, automatic ones included, as JSON with the keys of the view, and for how long in seconds
-- param: 1 jsonb array of names; null for all
-- param: 2 jsonb labels that it must carry; {} for any
-- returns: name text, row text, age int8, id text
select v.name as name, row_to_json(v)::text as "row", extract(epoch from clock_timestamp() - v.since)::int8 as age, concat_ws(' ', v.name, v.id) as id
from trunkd.trunk_state v
where (($1)::jsonb is null or v.name in (select jsonb_array_elements_text($1))) and (($2)::jsonb = '{}' or v.labels @> $2)
order by 1;
