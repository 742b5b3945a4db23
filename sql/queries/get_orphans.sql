-- name: get_orphans
-- purpose: what force_delete left at a provider
-- param: 1 jsonb array of owners; null for all
-- param: 2 jsonb not used: orphans carry no labels
-- returns: name text, row text, age int8, id text
select v.owner as name, row_to_json(v)::text as "row", extract(epoch from clock_timestamp() - v.at)::int8 as age, concat_ws(' ', v.owner, v.kind, coalesce(v.external_id, v.tag), 'orphan', v.id) as id
from trunkd.orphan v
where (($1)::jsonb is null or v.owner in (select jsonb_array_elements_text($1))) and ($2)::jsonb is not null
order by v.id;
