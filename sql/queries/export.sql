-- name: export
-- purpose: what people have written, row by row, in the order in which manifests need each other; without what is the default anyway
-- param: 1 jsonb array of objects with type (the kind of a manifest) and name; null for all
-- param: 2 jsonb labels that it must carry; {} for any
-- returns: kind int4, name text, row text
with wanted as materialized (select t.item ->> 'type' as type, t.item ->> 'name' as name from jsonb_array_elements($1) as t (item))
select m.kind, m.name, m."row"::text as "row"
from trunkd.manifest m
where (($1)::jsonb is null or exists (select 1 from wanted w where w.type = m.type and w.name = m.name)) and (($2)::jsonb = '{}' or m.labels @> $2)
order by m.kind, m.name;
