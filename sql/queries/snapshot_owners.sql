-- name: snapshot_owners
-- purpose: everything about some owners, as of one moment; a wish that is not there has row null
-- param: 1 jsonb owners, [{"type": "number", "key": "+1..."}, {"type": "trunk", "key": "uuid"}]
-- returns: what text, key text, row text
with owners as materialized (
    select o.type, o.key from jsonb_to_recordset($1::jsonb) as o (type text, key text))
select 'trunk' as what, o.key, row_to_json(t)::text as "row"
from owners o left join trunkd.read_trunk t on t.id = o.key::uuid where o.type = 'trunk'
union all
select 'number', o.key, row_to_json(n)::text
from owners o left join trunkd.read_number n on n.phone_number = o.key where o.type = 'number'
union all
select 'trunk_status', o.key, row_to_json(s)::text
from owners o join trunkd.read_trunk_status s on s.trunk = o.key::uuid where o.type = 'trunk'
union all
select 'number_status', o.key, row_to_json(s)::text
from owners o join trunkd.read_number_status s on s.phone_number = o.key where o.type = 'number'
union all
select 'resource', o.key, row_to_json(r)::text
from owners o join trunkd.read_resource r on r.owner_type = o.type and r.owner = o.key
union all
select 'provider_number', o.key, row_to_json(p)::text
from owners o join trunkd.read_provider_number p on p.phone_number = o.key where o.type = 'number'
union all
select 'dirty', o.key, row_to_json(d)::text
from owners o join trunkd.read_dirty d on d.object_type = o.type and d.key = o.key;
