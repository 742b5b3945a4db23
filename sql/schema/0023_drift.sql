-- What becomes of what somebody changes at a provider: repaired, or only reported. Of an account, for everything that lies there.
insert into trunkd.reason (name, status, settled, remedy) values
    ('DriftLeft', 'active', true, 'Put it back at the provider, or call trunkd.retry(): the account says that drift is only reported.');

alter table trunkd.twilio_account add column drift text not null default 'repair';
alter table trunkd.livekit_project add column drift text not null default 'repair';
comment on column trunkd.twilio_account.drift is 'repair: what somebody changed there is put back; report: it is told and left so';
comment on column trunkd.livekit_project.drift is 'repair: what somebody changed there is put back; report: it is told and left so';

create function trunkd.check_drift() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.drift is null or new.drift not in ('repair', 'report') then
        perform trunkd.fail('23514', tg_table_name, 'drift',
            format('%s "%s": drift is neither repair nor report', case tg_table_name when 'twilio_account' then 'Twilio account' else 'LiveKit project' end, new.name),
            'Write repair (what somebody changes there is put back) or report (it is told and left so).');
    end if;
    return new;
end $$;
create trigger check_row_drift before insert or update on trunkd.twilio_account for each row execute function trunkd.check_drift();
create trigger check_row_drift before insert or update on trunkd.livekit_project for each row execute function trunkd.check_drift();
revoke execute on function trunkd.check_drift() from public;

create or replace view trunkd.read_twilio_account as
select name, account_sid, api_key_sid, secret, region, edge, base_url, livekit_project, numbers_per_trunk, max_in_flight,
       termination_address, generation, drift
from trunkd.twilio_account;

create or replace view trunkd.read_livekit_project as
select name, url, api_key, secret, sip_host, max_in_flight, generation, drift from trunkd.livekit_project;
