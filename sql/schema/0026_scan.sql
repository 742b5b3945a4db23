-- Everything in an account is looked at every few minutes (scan, in the configuration); and when somebody asks.
insert into trunkd.reason (name, status, settled, remedy) values
    ('Scanned', 'event', true, 'Nothing to do: what differed is told in events of its own.');

-- The request is gone when the scan has ended.
create function trunkd.scan(account text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from trunkd.account_state s where s.name = account) then
        raise exception using errcode = '02000', message = format('there is no Twilio account or LiveKit project "%s"', left(account, 63)),
            hint = 'See trunkd.account_state.';
    end if;
    return trunkd.leave_request('scan', account, '', 'account', account);
end $$;
revoke execute on function trunkd.scan(text) from public;
grant execute on function trunkd.scan(text) to trunkd_app, trunkd_admin;
