-- name: export
-- purpose: what people have written, row by row, in the order in which manifests need each other; without what is the default anyway (apply_*)
-- param: 1 jsonb array of objects with type (the kind of a manifest) and name; null for all
-- param: 2 jsonb labels that it must carry; {} for any
-- returns: kind int4, name text, row text
with wanted as materialized (select t.item ->> 'type' as type, t.item ->> 'name' as name from jsonb_array_elements($1) as t (item)),
rows as (
    select 0 as kind, 'project' as type, t.name, t.labels,
           jsonb_build_object('max_in_flight', nullif(t.max_in_flight, 5), 'drift', nullif(t.drift, 'repair')) as defaults, to_jsonb(t) as "row"
    from trunkd.livekit_project t
    union all
    select 1, 'account', t.name, t.labels,
           jsonb_build_object('region', nullif(t.region, 'us1'), 'numbers_per_trunk', nullif(t.numbers_per_trunk, 500),
                              'max_in_flight', nullif(t.max_in_flight, 4), 'drift', nullif(t.drift, 'repair')), to_jsonb(t)
    from trunkd.twilio_account t
    union all
    select 2, 'agent', t.name, t.labels,
           jsonb_build_object('metadata', nullif(t.metadata, ''), 'room_prefix', nullif(t.room_prefix, 'call'), 'dispatch_rule', nullif(t.dispatch_rule, '{}')),
           to_jsonb(t)
    from trunkd.agent t
    union all
    select 3, 'trunk', t.name, t.labels, jsonb_build_object('twilio_trunk', nullif(t.twilio_trunk, '{}')), to_jsonb(t)
    from trunkd.trunk t
    union all
    select 4, 'number', t.phone_number, t.labels,
           jsonb_build_object('label', nullif(t.label, ''), 'takeover', nullif(t.takeover, false), 'inbound_trunk', nullif(t.inbound_trunk, '{}'),
                              'outbound_trunk', nullif(t.outbound_trunk, '{}')), to_jsonb(t)
    from trunkd.phone_number t)
select r.kind, r.name, (r."row" || r.defaults)::text as "row"
from rows r
where (($1)::jsonb is null or exists (select 1 from wanted w where w.type = r.type and w.name = r.name)) and (($2)::jsonb = '{}' or r.labels @> $2)
order by r.kind, r.name;
