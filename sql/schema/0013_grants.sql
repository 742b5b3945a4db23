-- Who may do what. trunkd_admin: accounts and projects, release. trunkd_app: numbers, agents, trunks, the other verbs. trunkd_reader:
-- the views. trunkd_daemon: reads, and writes through trunkd.commit() alone. Triggers and verbs run with the owner's rights.

revoke execute on all functions in schema trunkd from public;
grant usage on schema trunkd to trunkd_admin, trunkd_app, trunkd_reader, trunkd_daemon;

-- The daemon.
grant execute on function
    trunkd.commit(bigint, jsonb), trunkd.lease_take(text, bigint), trunkd.lease_renew(text, bigint, bigint),
    trunkd.lease_release(text, bigint), trunkd.prune(bigint, int, int)
to trunkd_daemon;

-- What the core reads: the daemon, and `trunkctl plan` for those who may change something.
grant select on
    trunkd.read_number, trunkd.read_agent, trunkd.read_trunk, trunkd.read_twilio_account, trunkd.read_livekit_project,
    trunkd.read_resource, trunkd.read_number_status, trunkd.read_trunk_status, trunkd.read_account_copy, trunkd.read_account_status,
    trunkd.read_provider_number, trunkd.read_tombstone, trunkd.read_orphan, trunkd.read_stray, trunkd.read_dirty, trunkd.read_request,
    trunkd.read_installation
to trunkd_daemon, trunkd_app, trunkd_admin;
grant execute on function trunkd.in_ms(timestamptz), trunkd.current_timeline() to trunkd_daemon, trunkd_app, trunkd_admin, trunkd_reader;
grant select on trunkd.schema, trunkd.schema_version, trunkd.seal_key to trunkd_daemon, trunkd_app, trunkd_admin, trunkd_reader;

-- What people read.
grant select on
    trunkd.number, trunkd.agent_state, trunkd.trunk_state, trunkd.account_state, trunkd.object, trunkd.event, trunkd.orphan, trunkd.stray,
    trunkd.request, trunkd.kind, trunkd.reason, trunkd.field
to trunkd_reader, trunkd_app, trunkd_admin;
grant execute on function trunkd.gone(text), trunkd.condition_of(trunkd.account_status, trunkd.account_status)
to trunkd_reader, trunkd_app, trunkd_admin, trunkd_daemon;

-- What people write.
grant select, insert, update, delete on trunkd.phone_number, trunkd.agent, trunkd.trunk to trunkd_app, trunkd_admin;
grant select, insert, update, delete on trunkd.twilio_account, trunkd.livekit_project to trunkd_admin;
grant execute on function trunkd.retry(text), trunkd.force_delete(text, text) to trunkd_app, trunkd_admin;
grant execute on function trunkd.release(text, text) to trunkd_admin;
