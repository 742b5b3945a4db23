-- Connection policies: two kinds of a trunk's owner, and its settings (include/trunkd/kinds.def, settings.def).
update trunkd.kind set set_up_order = set_up_order + 2 where set_up_order >= 7;
insert into trunkd.kind (set_up_order, name, owner_type, provider) values
    (7, 'twilio.connection_policy', 'trunk', 'twilio'),
    (8, 'twilio.connection_policy_target', 'trunk', 'twilio');

alter table trunkd.field drop constraint field_document_check;
alter table trunkd.field add constraint field_document_check check (document in
    ('inbound_trunk', 'outbound_trunk', 'twilio_trunk', 'dispatch_rule', 'origination_url', 'connection_policy_target'));
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('twilio_trunk', 'connection_policy', 'bool', null, null, null),
    ('twilio_trunk', 'connection_policy_targets', 'documents', null, 8, '{connection_policy_target}'),
    ('connection_policy_target', 'target', 'text', 1, 255, null),
    ('connection_policy_target', 'priority', 'int', 0, 65535, null),
    ('connection_policy_target', 'weight', 'int', 1, 65535, null);

create or replace function trunkd.twilio_setting_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
declare
    bare text := value #>> '{}';
begin
    if known.key = 'disaster_recovery_url' and bare !~ '^https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?$' then
        return 'a URL that begins with https:// or http://';
    elsif (known.document, known.key) in (('origination_url', 'url'), ('connection_policy_target', 'target'))
            and bare !~* '^sip:([a-z0-9_.!~*''()&=+$,/-]+@)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?(;[!-:<->@-~]+)*([?][!-~]+)?$' then
        return 'a SIP URI such as sip:backup.example.com;transport=tcp (sips: is not known to Twilio: write ;transport=tls)';
    end if;
    return null;
end $$;

create or replace function trunkd.check_twilio_trunk(tab text, what text, value jsonb) returns void
language plpgsql
as $$
declare
    plain text;
begin
    if value ? 'recording_trim' and coalesce(value ->> 'recording_mode', 'do-not-record') = 'do-not-record' then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.recording_trim is set, but nothing is recorded', what),
            'Set recording_mode too, for example to record-from-answer, or leave both out.');
    end if;
    perform trunkd.check_sip_uris(tab, what, 'origination_urls', 'url', coalesce(value -> 'origination_urls', '[]'));
    select e.value ->> 'url' into plain from jsonb_array_elements(coalesce(check_twilio_trunk.value -> 'origination_urls', '[]')) e
        where check_twilio_trunk.value -> 'secure' = 'true' and e.value ->> 'url' !~* '^[^?]*;transport=tls([;?]|$)' limit 1;
    if plain is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.secure is set, and calls cannot go to %s', what, plain),
            'Twilio encrypts by TLS: write the URI with ;transport=tls.');
    end if;
    if value ? 'connection_policy_targets' and coalesce(value -> 'connection_policy', 'false') <> 'true' then
        perform trunkd.fail('23514', tab, 'twilio_trunk',
            format('%s: twilio_trunk.connection_policy_targets is set, but there is no connection policy', what),
            'Set connection_policy to true too, or leave both out.');
    end if;
    perform trunkd.check_sip_uris(tab, what, 'connection_policy_targets', 'target', coalesce(value -> 'connection_policy_targets', '[]'));
end $$;

-- The URI of the project itself is there without being asked for, in a connection policy too.
create function trunkd.check_own_uri_in(tab text, what text, own text, setting text, key text, items jsonb) returns void
language plpgsql
as $$
begin
    if exists (select from jsonb_array_elements(items) e
               where trunkd.sip_uri(e.value ->> key) ~* '^[^?]*$'
                 and regexp_replace(trunkd.sip_uri(e.value ->> key), ';transport=(tcp|tls)$', '', 'i') = own) then
        perform trunkd.fail('23514', tab, 'twilio_trunk',
            format('%s: twilio_trunk.%s names %s, which is the project''s own', what, setting, own),
            'Leave it out: calls go there anyway, with priority 10 and weight 10.');
    end if;
end $$;

create or replace function trunkd.check_own_uri() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    own text;
    what text := case tg_table_name when 'trunk' then format('trunk "%s"', to_jsonb(new) ->> 'name')
                                    else format('phone number %s', to_jsonb(new) ->> 'phone_number') end;
begin
    select 'sip:' || p.sip_host into own from trunkd.livekit_project p where p.name = new.livekit_project;
    perform trunkd.check_own_uri_in(tg_table_name, what, own, 'origination_urls', 'url',
                                    coalesce(new.twilio_trunk -> 'origination_urls', '[]'));
    perform trunkd.check_own_uri_in(tg_table_name, what, own, 'connection_policy_targets', 'target',
                                    coalesce(new.twilio_trunk -> 'connection_policy_targets', '[]'));
    return new;
end $$;

revoke execute on function trunkd.check_own_uri_in(text, text, text, text, text, jsonb) from public;
