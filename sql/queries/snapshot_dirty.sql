-- name: snapshot_dirty
-- purpose: the inbox, the wish behind each key in it (row null: there is none), and the requests, as of one moment; and its snapshot
-- param: 1 text since, the snapshot of an earlier read: marks that it has shown are left out; null: none are
-- returns: what text, key text, row text
with mark as materialized (
    select d.object_type, d.key, d.ver
    from trunkd.read_dirty d
    where $1::text is null or not pg_visible_in_snapshot(d.marked_by, $1::text::pg_snapshot))
select 'agent' as what, d.key, row_to_json(a)::text as "row"
from mark d left join trunkd.read_agent a on a.name = d.key
where d.object_type = 'agent'
union all
select 'account', d.key, coalesce(row_to_json(a)::text, row_to_json(p)::text)
from mark d
left join trunkd.read_twilio_account a on a.name = d.key
left join trunkd.read_livekit_project p on p.name = d.key
where d.object_type = 'account'
union all
select 'trunk', d.key, row_to_json(t)::text
from mark d left join trunkd.read_trunk t on t.id = d.key::uuid
where d.object_type = 'trunk'
union all
select 'number', d.key, row_to_json(n)::text
from mark d left join trunkd.read_number n on n.phone_number = d.key
where d.object_type = 'number'
union all select 'request', r.id::text, row_to_json(r)::text from trunkd.read_request r
union all select 'dirty', d.key, row_to_json(d)::text from mark d
union all select 'snapshot', pg_current_snapshot()::text, null;
