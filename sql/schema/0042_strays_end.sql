-- Strays end with their account: no scan comes any more that would say that they are not there.
create function trunkd.end_strays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from trunkd.stray s where s.account = old.name;
    return null;
end $$;
create trigger end_strays after delete on trunkd.account_status for each row execute function trunkd.end_strays();
revoke execute on function trunkd.end_strays() from public;
delete from trunkd.stray s where not exists (select from trunkd.account_state a where a.name = s.account);

create or replace function trunkd.sweep(account text, kind text, external_id text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from trunkd.account_state a where a.name = sweep.account) then
        raise exception using errcode = '02000', message = format('there is no Twilio account or LiveKit project "%s"', left(account, 63)),
            hint = 'See trunkd.account_state.';
    elsif not exists (select from trunkd.stray s where (s.account, s.kind, s.external_id) = (sweep.account, sweep.kind, sweep.external_id)) then
        raise exception using errcode = '02000', hint = 'See trunkd.stray for those that there are.',
            message = format('%s %s in "%s" is no stray', left(kind, 63), left(external_id, 63), left(account, 63));
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'sweep needs a reason', column = 'why',
            hint = 'Say how you know that nobody needs it: select trunkd.sweep(''lk'', ''livekit.inbound_trunk'', ''ST_abc'', ''left by the old database'').';
    end if;
    return trunkd.leave_request('sweep', kind || '/' || external_id, why, 'account', account);
end $$;
