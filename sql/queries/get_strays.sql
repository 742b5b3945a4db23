-- name: get_strays
-- purpose: objects at a provider that carry our tag and belong to nothing we know
-- param: 1 jsonb array of accounts; null for all
-- param: 2 jsonb not used: strays carry no labels
-- returns: name text, row text, age int8, id text
select v.account as name, row_to_json(v)::text as "row", extract(epoch from clock_timestamp() - v.seen_at)::int8 as age, concat_ws(' ', v.account, v.kind, v.external_id) as id
from trunkd.stray v
where (($1)::jsonb is null or v.account in (select jsonb_array_elements_text($1))) and ($2)::jsonb is not null
order by v.account, v.kind, v.external_id;
