-- Rotation of the passwords that trunkd makes: a wish for a trunk, or for the trunk that a number is on. A number is settled when its trunk
-- is too: the password before is gone then.
insert into trunkd.reason (name, status, settled, remedy) values
    ('Rotated', 'event', true, 'Nothing to do: every number gets the new password, then the one before is removed.');

create function trunkd.rotate(name text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    o record;
    on_trunk text;
begin
    select n.object_type, n.object into o from trunkd.named_object(name) n;
    if o.object_type = 'number' and exists (select from trunkd.phone_number n where n.phone_number = o.object and n.provider = 'sip') then
        raise exception using errcode = '55000', message = format('%s has no password that trunkd made: its provider is sip', o.object),
            hint = 'Change the secret that its outbound_trunk refers to, or the reference.';
    end if;
    on_trunk := case o.object_type when 'trunk' then o.object
                else (select s.trunk::text from trunkd.number_status s where s.phone_number = o.object) end;
    if not exists (select from trunkd.resource r where r.owner_type = 'trunk' and r.owner = on_trunk and r.kind = 'twilio.credential') then
        raise exception using errcode = '55000', message = format('there is no password of %s to rotate: nobody calls out over its trunk', name),
            hint = 'A password is made for the first number on a trunk that has supports_outbound.';
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'rotate needs a reason', column = 'why',
            hint = 'Say why: select trunkd.rotate(''+14155551234'', ''every quarter'').';
    end if;
    return trunkd.leave_request('rotate', name, why, 'trunk', on_trunk);
end $$;

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
       coalesce(s.observed_generation = n.generation
                and ((s.settled and coalesce(t.settled, true)) or coalesce(a.braked, false) or coalesce(p.braked, false)), false)
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

revoke execute on function trunkd.rotate(text, text) from public;
grant execute on function trunkd.rotate(text, text) to trunkd_app, trunkd_admin;
