-- Objects that carry our tag and belong to nobody here are touched by nobody, until somebody names one. It is removed as everything is: read
-- first, then asked for, then proven gone; what it is then no more is left alone.
insert into trunkd.reason (name, status, settled, remedy) values
    ('Swept', 'event', true, 'Nothing to do: a stray is removed.'),
    ('NotSwept', 'event', true, 'Nothing to do: see trunkctl get strays for what is there.');

-- The request is gone when the removal is on record, or there is nothing to remove.
create function trunkd.sweep(account text, kind text, external_id text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from trunkd.stray s where (s.account, s.kind, s.external_id) = (sweep.account, sweep.kind, sweep.external_id)) then
        raise exception using errcode = '02000', hint = 'See trunkd.stray for those that there are.',
            message = format('%s %s in "%s" is no stray', left(kind, 63), left(external_id, 63), left(account, 63));
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'sweep needs a reason', column = 'why',
            hint = 'Say how you know that nobody needs it: select trunkd.sweep(''lk'', ''livekit.inbound_trunk'', ''ST_abc'', ''left by the old database'').';
    end if;
    return trunkd.leave_request('sweep', kind || '/' || external_id, why, 'account', account);
end $$;
revoke execute on function trunkd.sweep(text, text, text, text) from public;
grant execute on function trunkd.sweep(text, text, text, text) to trunkd_admin;

-- Who finds strays can do something about them now.
create or replace view trunkd.health as
select h.what, h.level, h.words, h.remedy, h.place from trunkd.health_besides h where h.what <> 'strays'
union all
select h.what, h.level, h.words, 'look at them: trunkctl get strays; those that nobody needs: trunkctl sweep ACCOUNT --why TEXT', h.place
from trunkd.health_besides h where h.what = 'strays'
union all
select 'project ' || w.account, 'warning',
       format('%s %s%s, which trunkd did not make, takes every call that no other %s takes',
              case w.kind when 'livekit.inbound_trunk' then 'inbound trunk' else 'dispatch rule' end, w.external_id,
              case when coalesce(w.name, '') <> '' then format(' (%s)', w.name) else '' end,
              case w.kind when 'livekit.inbound_trunk' then 'trunk' else 'rule' end),
       case w.kind when 'livekit.inbound_trunk' then 'give it the numbers it is for, or delete it; until then calls to a number that is not linked yet go there'
            else 'name the trunks it is for, or delete it' end, 4
from trunkd.wildcard w;
