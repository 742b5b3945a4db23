-- What whoever is paged at three in the morning must read: a number that waits for somebody is not well, and each remedy is what is typed.

update trunkd.reason r set remedy = n.remedy, status = n.status from (values
    ('AccountBraked', 'any', 'Put back what is missing, or mend the account; if it was meant: trunkctl release ACCOUNT --why TEXT.'),
    ('Updating', 'any', 'Nothing to do: a change is being carried out; what is active takes calls meanwhile.'),
    ('DriftLeft', 'any', 'Put it back at the provider, or let trunkd do it: trunkctl retry. The account says that drift is only reported.'),
    ('Leftovers', 'active', 'It works; mend what keeps the old objects from being removed, or give them up: trunkctl force-delete.'),
    ('Refused', 'failed', 'Change what the provider''s words name, or mend it there and try again: trunkctl retry.'),
    ('CleanupRefused', 'corrupted', 'Mend what the provider''s words name, and removal ends by itself; or give it up: trunkctl force-delete.'),
    ('CleanupFailing', 'corrupted', 'Removal is tried again by itself; if it cannot work any more, give it up: trunkctl force-delete.'),
    ('NothingVisible', 'account', 'Mend region, edge or URL so that the objects are visible again; if they are gone for good: trunkctl release.'),
    ('MassDisappearance', 'account', 'Find out who removed the objects; to have them made again: trunkctl release.'),
    ('MassRemoval', 'account', 'Many numbers lost their row, agent or direction at once: put them back, or if it was meant: trunkctl release.')
) n (name, status, remedy) where r.name = n.name;

create or replace view trunkd.health as
select h.what, h.level, h.words, h.remedy, h.place from trunkd.health_besides h where h.what <> 'strays' and h.place <> 5
union all
select 'numbers ' || n.status || case when n.reason <> '' then '/' || n.reason else '' end,
       case when n.status in ('failed', 'corrupted') or (n.status = 'pending' and n.settled and n.reason <> 'NoAgent') then 'error'
            when (n.settled and (n.status = 'pending' or n.reason not in ('UpToDate', 'AccountUnavailable', 'AccountBraked'))) or (not n.settled and n.oldest < clock_timestamp() - interval '15 minutes') then 'warning'
            else 'ok' end,
       format('%s, such as %s', n.count, n.example), case when n.reason = 'UpToDate' and n.settled then '' else coalesce(r.remedy, '') end, 5
from (select v.status, v.reason, count(*), min(v.phone_number) as example, bool_and(v.settled) as settled, min(v.since) as oldest
      from trunkd.number v group by v.status, v.reason) n
left join trunkd.reason r on r.name = n.reason
union all
select h.what, h.level, h.words, 'look at them: trunkctl get strays; those that nobody needs: trunkctl sweep ACCOUNT --why TEXT', h.place
from trunkd.health_besides h where h.what = 'strays'
union all
select 'project ' || w.account, 'warning',
       format('%s %s%s, which trunkd did not make, takes every call that no other %s takes%s',
              case w.kind when 'livekit.inbound_trunk' then 'inbound trunk' else 'dispatch rule' end, w.external_id,
              case when coalesce(w.name, '') <> '' then format(' (%s)', w.name) else '' end,
              case w.kind when 'livekit.inbound_trunk' then 'trunk' else 'rule' end,
              case w.kind when 'livekit.inbound_trunk' then '' else ', unless it is for some callers or called numbers only' end),
       case w.kind when 'livekit.inbound_trunk' then 'give it the numbers it is for, or delete it; until then calls to a number that is not linked yet go there'
            else 'name the trunks it is for, or delete it' end, 4
from trunkd.wildcard w;

-- Of what is being removed nothing is stuck yet.
create or replace function trunkd.force_delete(name text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    o record;
    s record;
begin
    select n.object_type, n.object into o from trunkd.named_object(name) n;
    if o.object_type = 'number' then
        select n.status, n.reason, n.message into s from trunkd.number_status n where n.phone_number = o.object;
    else
        select t.status, t.reason, t.message into s from trunkd.trunk_status t where t.trunk::text = o.object;
    end if;
    if s.status = 'deleting' then
        raise exception using errcode = '55000', message = format('%s is being removed, and force delete is for what could not be', name),
            hint = format('It becomes corrupted when that has failed for corrupted_after (15 minutes, unless the configuration says otherwise); then force delete ends it. Now: %s',
                          coalesce(nullif(s.message, ''), s.reason));
    elsif s.status = 'corrupted' or (s.reason = 'Leftovers' and (o.object_type = 'trunk' or s.status = 'active')) then
        if coalesce(why, '') !~ '\S' then
            raise exception using errcode = '22023', message = 'force delete needs a reason', column = 'why',
                hint = 'Say why, for whoever finds the orphans later: select trunkd.force_delete(''+14155551234'', ''account was closed'').';
        end if;
        return trunkd.leave_request('force_delete', name, why, o.object_type, o.object);
    end if;
    raise exception using errcode = '55000',
        message = case o.object_type when 'number' then 'force delete is only allowed for corrupted phone numbers'
                  else 'force delete is only allowed for corrupted phone numbers and corrupted trunks' end,
        hint = format('Nothing of %s is stuck. Delete its row; what was made for it is then removed.', name);
end $$;

-- The constraint one_row_per_account_and_region, in words; it still decides between two that come at once.
create function trunkd.check_account_is_new() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    other text := (select t.name from trunkd.twilio_account t where t.account_sid = new.account_sid and t.region = new.region and t.name <> new.name);
begin
    if other is not null then
        raise exception using errcode = '23505', column = 'account_sid', constraint = 'one_row_per_account_and_region',
            message = format('the Twilio account "%s" is that of "%s" already: the same account_sid %s in region %s', new.name, other, new.account_sid, new.region),
            hint = 'Let its numbers name that row, or give this one another region.';
    end if;
    return new;
end $$;
revoke execute on function trunkd.check_account_is_new() from public;
create trigger check_account_is_new before insert or update of account_sid, region on trunkd.twilio_account
for each row execute function trunkd.check_account_is_new();
