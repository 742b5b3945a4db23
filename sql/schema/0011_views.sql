-- What people read: one line per number, agent, trunk and account, those included whose row is gone while something of theirs remains.
-- Settled is said by the status row *and* by an inbox that holds nothing about the object or what it rests on. An account's condition
-- is joined here and never copied into its numbers.

-- Gone: no row, nothing in the ledger of its own or of an automatic trunk it left last, nothing in the inbox.
create function trunkd.gone(number text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select not exists (select from trunkd.phone_number n where n.phone_number = number)
       and not exists (select from trunkd.number_status s where s.phone_number = number)
       and not exists (select from trunkd.dirty d where d.object_type = 'number' and d.key = number)
       and not exists (select from trunkd.resource r where r.owner_type = 'number' and r.owner = number)
       and not exists (select from trunkd.trunk_status t join trunkd.resource r on r.owner_type = 'trunk' and r.owner = t.trunk::text
                       where t.automatic and t.last_number = number)
$$;

-- A trunk's external ids, side by side.
create view trunkd.trunk_objects as
select r.owner,
       max(r.external_id) filter (where r.kind = 'twilio.trunk') as twilio_trunk_sid,
       max(r.external_id) filter (where r.kind = 'twilio.credential_list') as twilio_credential_list_sid
from trunkd.resource r where r.owner_type = 'trunk' group by r.owner;

-- A number's external ids, side by side; of objects in two projects, those in the wanted one. Grouped and joined rather than looked up
-- per number: a listing stays below the cost at which PostgreSQL starts to compile it, which takes ten times as long as running it.
create view trunkd.number_objects as
select r.owner,
       max(r.external_id) filter (where r.kind = 'twilio.trunk_phone_number') as twilio_phone_number_sid,
       coalesce(max(r.external_id) filter (where r.kind = 'livekit.inbound_trunk' and r.account = n.livekit_project),
                max(r.external_id) filter (where r.kind = 'livekit.inbound_trunk')) as livekit_inbound_trunk_id,
       coalesce(max(r.external_id) filter (where r.kind = 'livekit.outbound_trunk' and r.account = n.livekit_project),
                max(r.external_id) filter (where r.kind = 'livekit.outbound_trunk')) as livekit_outbound_trunk_id,
       coalesce(max(r.external_id) filter (where r.kind = 'livekit.dispatch_rule' and r.account = n.livekit_project),
                max(r.external_id) filter (where r.kind = 'livekit.dispatch_rule')) as livekit_dispatch_rule_id
from trunkd.resource r left join trunkd.phone_number n on n.phone_number = r.owner
where r.owner_type = 'number' group by r.owner;

-- What the accounts of a number say, in the order in which it matters; '' when they are fine.
create function trunkd.condition_of(account trunkd.account_status, project trunkd.account_status) returns text
language sql stable
as $$
    select concat_ws('; ',
        case when account.braked or account.condition <> '' then
             account.name || ': ' || coalesce(nullif(account.condition, ''), 'braked') || coalesce(', ' || nullif(account.message, ''), '') end,
        case when project.braked or project.condition <> '' then
             project.name || ': ' || coalesce(nullif(project.condition, ''), 'braked') || coalesce(', ' || nullif(project.message, ''), '') end)
$$;

-- Numbers without a row of which something is left.
create view trunkd.leaving_number as
select k.phone_number
from (select s.phone_number from trunkd.number_status s
      union select d.key from trunkd.dirty d where d.object_type = 'number'
      union select r.owner from trunkd.resource r where r.owner_type = 'number'
      union select t.last_number from trunkd.trunk_status t where t.automatic and t.last_number is not null
            and exists (select from trunkd.resource r where r.owner_type = 'trunk' and r.owner = t.trunk::text)) k
where not exists (select from trunkd.phone_number n where n.phone_number = k.phone_number);

-- Two halves, never a full join: one number costs two look-ups, not a scan.
create view trunkd.number as
select n.phone_number, n.label,
       case when s.status in ('pending', 'active', 'failed') or (s.status = 'corrupted' and s.observed_generation = n.generation)
            then s.status else 'pending' end as status,
       case when s.status is null or s.status = 'deleting' or (s.status = 'corrupted' and s.observed_generation is distinct from n.generation)
            then 'SettingUp'
            when s.status in ('failed', 'corrupted') then s.reason
            when coalesce(a.braked, false) or coalesce(p.braked, false) then 'AccountBraked'
            when s.reason in ('SettingUp', 'Updating', 'UpToDate', 'Drifted') and c.condition <> '' then 'AccountUnavailable'
            else s.reason end as reason,
       coalesce(nullif(s.message, ''), nullif(c.condition, ''), '') as message,
       n.agent, coalesce(t.name, n.trunk, s.trunk::text) as trunk, n.provider, n.twilio_account, n.livekit_project,
       n.supports_inbound, n.supports_outbound, n.takeover,
       tko.twilio_trunk_sid, tko.twilio_credential_list_sid,
       coalesce(pn.sid, o.twilio_phone_number_sid) as twilio_phone_number_sid,
       o.livekit_inbound_trunk_id, o.livekit_outbound_trunk_id, o.livekit_dispatch_rule_id,
       n.generation, s.observed_generation,
       coalesce(s.observed_generation = n.generation and (s.settled or coalesce(a.braked, false) or coalesce(p.braked, false)), false)
           and d1.ver is null and d2.ver is null and d3.ver is null and d4.ver is null and d5.ver is null as settled,
       coalesce(s.since, n.updated_at) as since, s.next_at as next_attempt_at, c.condition as account_condition,
       coalesce(s.leftovers, '[]') as leftovers, n.labels, n.created_at, n.updated_at
from trunkd.phone_number n
left join trunkd.number_status s on s.phone_number = n.phone_number
left join trunkd.trunk_status t on t.trunk = s.trunk
left join trunkd.provider_number pn on pn.phone_number = n.phone_number and pn.account = n.twilio_account
left join trunkd.account_status a on a.name = n.twilio_account
left join trunkd.account_status p on p.name = n.livekit_project
left join trunkd.dirty d1 on d1.object_type = 'number' and d1.key = n.phone_number
left join trunkd.dirty d2 on d2.object_type = 'agent' and d2.key = n.agent
left join trunkd.dirty d3 on d3.object_type = 'trunk' and d3.key = s.trunk::text
left join trunkd.dirty d4 on d4.object_type = 'account' and d4.key = n.twilio_account
left join trunkd.dirty d5 on d5.object_type = 'account' and d5.key = n.livekit_project
left join trunkd.trunk_objects tko on tko.owner = s.trunk::text
left join trunkd.number_objects o on o.owner = n.phone_number
cross join lateral (select trunkd.condition_of(a, p) as condition) c
union all
select n.phone_number, null,
       case when s.status in ('deleting', 'corrupted') then s.status else 'deleting' end,
       case when s.status in ('deleting', 'corrupted') then s.reason else 'Deleting' end,
       coalesce(s.message, ''),
       null, coalesce(t.name, s.trunk::text), null, t.twilio_account, t.livekit_project, null, null, null,
       tko.twilio_trunk_sid, tko.twilio_credential_list_sid, o.twilio_phone_number_sid, o.livekit_inbound_trunk_id,
       o.livekit_outbound_trunk_id, o.livekit_dispatch_rule_id,
       null, s.observed_generation, coalesce(s.settled and s.status = 'corrupted', false) and d.ver is null,
       coalesce(s.since, statement_timestamp()), s.next_at, trunkd.condition_of(a, p), coalesce(s.leftovers, '[]'), null, null, null
from trunkd.leaving_number n
left join trunkd.number_status s on s.phone_number = n.phone_number
left join trunkd.trunk_status t on t.trunk = s.trunk
left join trunkd.account_status a on a.name = t.twilio_account
left join trunkd.account_status p on p.name = t.livekit_project
left join trunkd.trunk_objects tko on tko.owner = s.trunk::text
left join trunkd.number_objects o on o.owner = n.phone_number
left join trunkd.dirty d on d.object_type = 'number' and d.key = n.phone_number;

-- An agent is settled when its own change has been seen and its numbers are.
create view trunkd.agent_state as
select a.name, a.dispatch_name, a.room_prefix, a.metadata, count(n.phone_number) as numbers,
       count(n.phone_number) filter (where n.status = 'active') as numbers_active,
       d.ver is null and coalesce(bool_and(n.settled) filter (where n.phone_number is not null), true) as settled,
       a.generation, a.labels, a.created_at, a.updated_at
from trunkd.agent a
left join trunkd.dirty d on d.object_type = 'agent' and d.key = a.name
left join trunkd.number n on n.agent = a.name
group by a.name, d.ver;

create view trunkd.trunk_state as
select t.id, t.name, false as automatic, t.twilio_account, t.livekit_project,
       coalesce(s.status, 'pending') as status, coalesce(s.reason, 'SettingUp') as reason, coalesce(s.message, '') as message,
       (select count(*) from trunkd.number_status n where n.trunk = t.id) as numbers,
       o.twilio_trunk_sid, o.twilio_credential_list_sid,
       t.generation, s.observed_generation, coalesce(s.observed_generation = t.generation and s.settled, false) and d.ver is null as settled,
       coalesce(s.since, t.updated_at) as since, s.next_at as next_attempt_at, coalesce(s.leftovers, '[]') as leftovers, t.labels
from trunkd.trunk t
left join trunkd.trunk_status s on s.trunk = t.id
left join trunkd.dirty d on d.object_type = 'trunk' and d.key = t.id::text
left join trunkd.trunk_objects o on o.owner = t.id::text
union all
select s.trunk, coalesce(s.name, s.trunk::text), s.automatic, s.twilio_account, s.livekit_project,
       case when s.automatic or s.status in ('deleting', 'corrupted') then s.status else 'deleting' end,
       case when s.automatic or s.status in ('deleting', 'corrupted') then s.reason else 'Deleting' end, s.message,
       (select count(*) from trunkd.number_status n where n.trunk = s.trunk),
       o.twilio_trunk_sid, o.twilio_credential_list_sid,
       null, s.observed_generation, s.settled and d.ver is null, s.since, s.next_at, s.leftovers, null
from trunkd.trunk_status s
left join trunkd.dirty d on d.object_type = 'trunk' and d.key = s.trunk::text
left join trunkd.trunk_objects o on o.owner = s.trunk::text
where not exists (select from trunkd.trunk t where t.id = s.trunk);

create view trunkd.account_state as
select a.name, a.provider, a.identity, a.retiring, coalesce(s.condition, '') as condition, coalesce(s.message, '') as message,
       coalesce(s.braked, false) as braked,
       (select count(*) from trunkd.phone_number n where a.name in (n.twilio_account, n.livekit_project)) as numbers,
       (select count(*) from trunkd.resource r where r.account = a.name) as objects,
       a.generation, d.ver is null and not a.retiring and coalesce(s.braked or s.condition = '' or r.settled, true) as settled,
       s.since, s.next_at as next_attempt_at, s.last_scan_at
from (select t.name, 'twilio' as provider, t.account_sid || '/' || t.region as identity, false as retiring, t.generation
      from trunkd.twilio_account t
      union all
      select l.name, 'livekit', l.url, false, l.generation from trunkd.livekit_project l
      union all
      select c.name, c.provider, c.identity, true, null from trunkd.account_copy c
      where not exists (select from trunkd.twilio_account t where t.name = c.name)
        and not exists (select from trunkd.livekit_project l where l.name = c.name)) a
left join trunkd.account_status s on s.name = a.name
left join trunkd.reason r on r.name = s.condition
left join trunkd.dirty d on d.object_type = 'account' and d.key = a.name;

-- The ledger for people: every external object, without what was sent, and without the sealed passwords.
create view trunkd.object as
select r.owner_type, r.owner, r.kind, r.slot, r.account, r.known, r.open, r.external_id, r.parent_id,
       r.nonce, r.attempts, r.failing_at as failing_since, r.next_at as next_attempt_at, r.written_at,
       r.refusal, r.message, r.updated_at
from trunkd.resource r;
