-- Removals that come in a mass are held: account_status.detail holds {"held": why} while they are. Numbers say so one by one, for an
-- account that holds removals is well for everything else; the account shows it, and release() lets it go.

create or replace view trunkd.number as
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
       null, s.observed_generation, coalesce(s.settled and (s.status = 'corrupted' or s.reason = 'AccountBraked'), false) and d.ver is null,
       coalesce(s.since, statement_timestamp()), s.next_at, trunkd.condition_of(a, p), coalesce(s.leftovers, '[]'), null, null, null
from trunkd.leaving_number n
left join trunkd.number_status s on s.phone_number = n.phone_number
left join trunkd.trunk_status t on t.trunk = s.trunk
left join trunkd.account_status a on a.name = t.twilio_account
left join trunkd.account_status p on p.name = t.livekit_project
left join trunkd.trunk_objects tko on tko.owner = s.trunk::text
left join trunkd.number_objects o on o.owner = n.phone_number
left join trunkd.dirty d on d.object_type = 'number' and d.key = n.phone_number;

create or replace view trunkd.account_state as
select a.name, a.provider, a.identity, a.retiring, coalesce(c.condition, '') as condition,
       coalesce(nullif(s.message, ''), s.detail ->> 'held', '') as message, coalesce(s.braked or s.detail ? 'held', false) as braked,
       (select count(*) from trunkd.phone_number n where a.name in (n.twilio_account, n.livekit_project)) as numbers,
       (select count(*) from trunkd.resource r where r.account = a.name) as objects,
       a.generation, d.ver is null and not a.retiring and coalesce(s.braked or c.condition = '' or r.settled, true) as settled,
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
cross join lateral (select coalesce(nullif(s.condition, ''), case when s.detail ? 'held' then 'MassRemoval' end, s.condition) as condition) c
left join trunkd.reason r on r.name = c.condition
left join trunkd.dirty d on d.object_type = 'account' and d.key = a.name;

create or replace function trunkd.release(account text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from trunkd.account_state s where s.name = account and s.braked) then
        if not exists (select from trunkd.account_state s where s.name = account) then
            raise exception using errcode = '02000', message = format('there is no Twilio account or LiveKit project "%s"', left(account, 63)),
                hint = 'See trunkd.account_state.';
        end if;
        raise exception using errcode = '55000', message = format('"%s" is not braked: there is nothing to release', account),
            hint = 'See trunkd.account_state for what its condition is.';
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'release needs a reason', column = 'why',
            hint = 'Say why the change was meant: select trunkd.release(''main'', ''moved to another region'').';
    end if;
    return trunkd.leave_request('release', account, why, 'account', account);
end $$;
