-- What the daemon (and `trunkctl plan`) reads: rows as the core takes them. Times are distances by this server's clock.
-- Nothing here takes a lock, so no user's open transaction makes the daemon wait.

create view trunkd.read_number as
select phone_number, label, supports_inbound, supports_outbound, provider, twilio_account, livekit_project, trunk, agent, takeover,
       inbound_trunk, outbound_trunk, twilio_trunk, generation
from trunkd.phone_number;

create view trunkd.read_agent as
select name, dispatch_name, metadata, room_prefix, generation from trunkd.agent;

create view trunkd.read_trunk as
select id, name, twilio_account, livekit_project, twilio_trunk, numbers_max, generation from trunkd.trunk;

create view trunkd.read_twilio_account as
select name, account_sid, api_key_sid, secret, region, edge, base_url, livekit_project, numbers_per_trunk, max_in_flight,
       termination_address, generation
from trunkd.twilio_account;

create view trunkd.read_livekit_project as
select name, url, api_key, secret, sip_host, max_in_flight, generation from trunkd.livekit_project;

create view trunkd.read_resource as
select owner_type, owner, kind, slot, account, rev, known, open, nonce, external_id, parent_id, applied, sent, secret, secret_version,
       note, lost, epoch, trunkd.in_ms(send_by_at) as send_by_in_ms, trunkd.in_ms(doubt_at) as doubt_in_ms, attempts,
       trunkd.in_ms(failing_at) as failing_in_ms, trunkd.in_ms(next_at) as next_in_ms, trunkd.in_ms(written_at) as written_in_ms,
       refusal, message
from trunkd.resource;

create view trunkd.read_number_status as
select phone_number, status, reason, message, trunk, observed_generation, settled, trunkd.in_ms(since) as since_in_ms,
       trunkd.in_ms(next_at) as next_in_ms, ever_active, failed_inputs, leftovers, refusals
from trunkd.number_status;

create view trunkd.read_trunk_status as
select trunk, name, automatic, twilio_account, livekit_project, ordinal, dedicated_to, status, reason, message, settled,
       observed_generation, last_number, refused_inputs, attempts, trunkd.in_ms(next_at) as next_in_ms, leftovers,
       trunkd.in_ms(since) as since_in_ms
from trunkd.trunk_status;

create view trunkd.read_account_copy as
select name, provider, identity, "row", retiring from trunkd.account_copy;

create view trunkd.read_account_status as
select name, condition, message, trunkd.in_ms(since) as since_in_ms, trunkd.in_ms(next_at) as next_in_ms, attempts, braked, release_ver,
       trunkd.in_ms(last_scan_at) as last_scan_in_ms, detail
from trunkd.account_status;

create view trunkd.read_provider_number as
select phone_number, account, sid, trunk_sid, routing from trunkd.provider_number;

create view trunkd.read_tombstone as
select nonce, owner_type, owner, kind, slot, account, external_id from trunkd.tombstone;

create view trunkd.read_orphan as
select id, owner_type, owner, kind, slot, account, external_id, tag, nonce from trunkd.orphan;

create view trunkd.read_stray as
select account, kind, external_id, tag from trunkd.stray;

create view trunkd.read_dirty as
select object_type, key, ver from trunkd.dirty;

create view trunkd.read_request as
select id, name, verb, why, object_type, object, requested_by from trunkd.request;

-- The stored half is how the database was when it was installed, the other how it is now: a copy of it must not touch our objects.
create view trunkd.read_installation as
select i.tag, i.system_identifier::text as system_identifier, i.database_name, i.timeline,
       c.system_identifier::text as system_identifier_now, current_database()::text as database_name_now,
       trunkd.current_timeline() as timeline_now
from trunkd.installation i cross join pg_control_system() c;
