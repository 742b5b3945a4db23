-- How many requests a minute an account is sent. Null: 900 for projects of LiveKit Cloud, which answers 1000; else as many as go through
-- its window (max_in_flight).
alter table trunkd.twilio_account add column requests_per_minute int;
alter table trunkd.livekit_project add column requests_per_minute int;
comment on column trunkd.twilio_account.requests_per_minute is 'at most so many requests a minute; null: no limit but max_in_flight';
comment on column trunkd.livekit_project.requests_per_minute is 'at most so many requests a minute; null: 900 in LiveKit Cloud, else no limit but max_in_flight';

create function trunkd.check_pace() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.requests_per_minute is not null then
        perform trunkd.check_range(tg_table_name, format('%s "%s"', case tg_table_name when 'twilio_account' then 'Twilio account' else 'LiveKit project' end,
                                                         new.name), 'requests_per_minute', new.requests_per_minute, 1, 100000);
    end if;
    return new;
end $$;
create trigger check_row_pace before insert or update on trunkd.twilio_account for each row execute function trunkd.check_pace();
create trigger check_row_pace before insert or update on trunkd.livekit_project for each row execute function trunkd.check_pace();
revoke execute on function trunkd.check_pace() from public;

create or replace view trunkd.read_twilio_account as
select name, account_sid, api_key_sid, secret, region, edge, base_url, livekit_project, numbers_per_trunk, max_in_flight,
       termination_address, generation, drift, requests_per_minute
from trunkd.twilio_account;

create or replace view trunkd.read_livekit_project as
select name, url, api_key, secret, sip_host, max_in_flight, generation, drift, requests_per_minute from trunkd.livekit_project;
