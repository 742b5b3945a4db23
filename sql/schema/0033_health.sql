-- What `trunkctl doctor` says of an installation, for whoever looks by SQL too: one row for each thing that can be wrong, with the remedy.
create view trunkd.health as
select 'daemon' as what, case when l.expires_at > clock_timestamp() then 'ok' else 'error' end as level,
       case when l.expires_at > clock_timestamp() then l.holder || ' works'
            when l.epoch = 0 then 'none has ever worked on this database'
            else 'none works; the last was ' || coalesce(nullif(l.holder, ''), 'stopped') || ', until ' || to_char(l.expires_at, 'YYYY-MM-DD HH24:MI:SS TZ') end as words,
       case when l.expires_at > clock_timestamp() then '' else 'start trunkd (systemctl start trunkd); trunkd --check says what is wrong with its configuration' end as remedy,
       1 as place
from trunkd.lease l
union all
select 'installation', case when c.is_copy then 'error' else 'ok' end,
       case when c.is_copy then format('this database is a copy of %s, in which trunkd was installed: nothing is written at the providers', c.database_name)
            else 'tag ' || c.tag end,
       case when c.is_copy then 'let the daemon work on the original; if this one takes its place for good: update trunkd.installation' else '' end, 2
from (select i.*, i.system_identifier <> i.system_identifier_now or i.database_name <> i.database_name_now as is_copy from trunkd.read_installation i) c
union all
select 'keys', case when k.count > 0 then 'ok' else 'warning' end,
       case when k.count > 0 then format('%s published; the newest is %s, of %s', k.count, k.newest, to_char(k.at, 'YYYY-MM-DD')) else 'none is published: nothing can be sealed' end,
       case when k.count > 0 then '' else 'name a key file in the configuration (trunkd --create-key) and start trunkd' end, 3
from (select count(*), (array_agg(key_id order by created_at desc))[1] as newest, max(created_at) as at from trunkd.seal_key) k
union all
select case a.provider when 'twilio' then 'account ' else 'project ' end || a.name,
       case when a.condition <> '' then 'error' when a.last_scan_at is null or a.last_scan_at < clock_timestamp() - interval '1 hour' then 'warning' else 'ok' end,
       case when a.condition <> '' then a.condition || coalesce(nullif(': ' || a.message, ': '), '')
            when a.last_scan_at is null then 'was never read completely'
            else format('last read completely %s ago', date_trunc('second', clock_timestamp() - a.last_scan_at)) end,
       case when a.condition <> '' then coalesce(r.remedy, '')
            when a.last_scan_at is null or a.last_scan_at < clock_timestamp() - interval '1 hour' then 'trunkctl scan ' || a.name || ', and see what the daemon logs' else '' end, 4
from trunkd.account_state a left join trunkd.reason r on r.name = a.condition
union all
select 'numbers ' || n.status || case when n.reason <> '' then '/' || n.reason else '' end,
       case when n.status in ('failed', 'corrupted') then 'error' when not n.settled and n.oldest < clock_timestamp() - interval '15 minutes' then 'warning' else 'ok' end,
       format('%s, such as %s', n.count, n.example), case when n.status = 'active' and n.settled then '' else coalesce(r.remedy, '') end, 5
from (select v.status, v.reason, count(*), min(v.phone_number) as example, bool_and(v.settled) as settled, min(v.since) as oldest
      from trunkd.number v group by v.status, v.reason) n
left join trunkd.reason r on r.name = n.reason
union all
select 'strays', 'warning', format('%s objects carry our tag and belong to nobody here', count(*)), 'look at them: trunkctl get strays', 6 from trunkd.stray having count(*) > 0
union all
select 'orphans', 'ok', format('%s objects were given up by force-delete', count(*)), 'remove them by hand where they can be: trunkctl get orphans', 7
from trunkd.orphan having count(*) > 0;
comment on view trunkd.health is 'Whether all is well, thing by thing: level is ok, warning or error';
grant select on trunkd.health to trunkd_reader, trunkd_app, trunkd_admin;

-- What people have written, as the documents of `trunkctl export` and `diff`, in the order in which they need each other. What is the default
-- anyway (apply_*, in sql/queries) is null. References to secrets are there, secrets are nowhere.
create view trunkd.manifest as
select r.kind, r.type, r.name, r.labels, r."row" || r.defaults as "row"
from (
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
    from trunkd.phone_number t) r;
grant select on trunkd.manifest to trunkd_app, trunkd_admin;
