-- name: snapshot_all
-- purpose: everything the core works on, as of one moment; inbox, wishes, ledger and statuses together; and its snapshot
-- returns: what text, key text, row text
select 'installation' as what, i.tag as key, row_to_json(i)::text as "row" from trunkd.read_installation i
union all select 'account', a.name, row_to_json(a)::text from trunkd.read_twilio_account a
union all select 'account', p.name, row_to_json(p)::text from trunkd.read_livekit_project p
union all select 'account_copy', c.name, row_to_json(c)::text from trunkd.read_account_copy c
union all select 'account_status', s.name, row_to_json(s)::text from trunkd.read_account_status s
union all select 'agent', a.name, row_to_json(a)::text from trunkd.read_agent a
union all select 'trunk', t.id::text, row_to_json(t)::text from trunkd.read_trunk t
union all select 'number', n.phone_number, row_to_json(n)::text from trunkd.read_number n
union all select 'trunk_status', s.trunk::text, row_to_json(s)::text from trunkd.read_trunk_status s
union all select 'number_status', s.phone_number, row_to_json(s)::text from trunkd.read_number_status s
union all select 'resource', r.owner, row_to_json(r)::text from trunkd.read_resource r
union all select 'provider_number', p.phone_number, row_to_json(p)::text from trunkd.read_provider_number p
union all select 'tombstone', t.nonce, row_to_json(t)::text from trunkd.read_tombstone t
union all select 'orphan', o.id::text, row_to_json(o)::text from trunkd.read_orphan o
union all select 'stray', s.external_id, row_to_json(s)::text from trunkd.read_stray s
union all select 'request', r.id::text, row_to_json(r)::text from trunkd.read_request r
union all select 'dirty', d.key, row_to_json(d)::text from trunkd.read_dirty d
union all select 'snapshot', pg_current_snapshot()::text, null;
