-- What an agent's dispatch rules may hold besides its name, metadata and room prefix (include/trunkd/settings.def).
alter table trunkd.field drop constraint field_document_check;
alter table trunkd.field add constraint field_document_check check (document in ('inbound_trunk', 'outbound_trunk', 'twilio_trunk', 'dispatch_rule'));
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('dispatch_rule', 'pin', 'text', 1, 32, null),
    ('dispatch_rule', 'no_randomness', 'bool', null, null, null),
    ('dispatch_rule', 'attributes', 'map', null, 100, null),
    ('dispatch_rule', 'hide_phone_number', 'bool', null, null, null);

alter table trunkd.agent add column dispatch_rule jsonb not null default '{}';
comment on column trunkd.agent.dispatch_rule is 'Settings of the dispatch rules of its numbers';

create or replace view trunkd.read_agent as
select name, dispatch_name, metadata, room_prefix, generation, dispatch_rule from trunkd.agent;

create function trunkd.check_agent_settings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    what text := format('agent "%s"', left(new.name, 63));
begin
    perform trunkd.check_document('agent', what, 'dispatch_rule', new.dispatch_rule);
    if new.dispatch_rule ->> 'pin' !~ '^[0-9]+$' then
        perform trunkd.fail('23514', 'agent', 'dispatch_rule', format('%s: dispatch_rule.pin must be digits', what), 'Callers type it on a telephone.');
    end if;
    return new;
end $$;
create trigger check_settings before insert or update on trunkd.agent for each row execute function trunkd.check_agent_settings();
revoke execute on function trunkd.check_agent_settings() from public;
