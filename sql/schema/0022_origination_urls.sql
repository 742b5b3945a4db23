-- More SIP URIs that take the calls of a trunk (include/trunkd/settings.def). A setting of the type documents is a list of documents of
-- their own, whose name stands in one_of.
alter table trunkd.field drop constraint field_document_check;
alter table trunkd.field add constraint field_document_check
    check (document in ('inbound_trunk', 'outbound_trunk', 'twilio_trunk', 'dispatch_rule', 'origination_url'));
alter table trunkd.field drop constraint field_type_check;
alter table trunkd.field add constraint field_type_check check (type in ('text', 'bool', 'int', 'list', 'map', 'secret', 'documents'));

insert into trunkd.field (document, key, type, least, most, one_of) values
    ('twilio_trunk', 'origination_urls', 'documents', null, 8, '{origination_url}'),
    ('origination_url', 'url', 'text', 1, 255, null),
    ('origination_url', 'priority', 'int', 0, 65535, null),
    ('origination_url', 'weight', 'int', 1, 65535, null);

-- Scheme and host of a SIP URI have no case.
create function trunkd.sip_uri(uri text) returns text
language sql immutable
as $$ select lower(p[1]) || coalesce(p[2], '') || lower(p[3]) || p[4] from regexp_matches(uri, '^([^:]*:)([^@;?]*@)?([^;?]*)(.*)$') p $$;

create or replace function trunkd.twilio_setting_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
declare
    bare text := value #>> '{}';
begin
    if known.key = 'disaster_recovery_url' and bare !~ '^https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?$' then
        return 'a URL that begins with https:// or http://';
    elsif known.document = 'origination_url' and known.key = 'url'
            and bare !~* '^sip:([a-z0-9_.!~*''()&=+$,/-]+@)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?(;[!-:<->@-~]+)*([?][!-~]+)?$' then
        return 'a SIP URI such as sip:backup.example.com;transport=tcp (sips: is not known to Twilio: write ;transport=tls)';
    end if;
    return null;
end $$;

create function trunkd.check_documents(tab text, what text, col text, known trunkd.field, value jsonb) returns void
language plpgsql
as $$
declare
    item record;
begin
    if jsonb_typeof(value) <> 'array' or jsonb_array_length(value) > known.most then
        perform trunkd.fail('23514', tab, col, format('%s: %s.%s must be a list of at most %s JSON objects', what, known.document, known.key, known.most),
            format('It is %s.', left(value::text, 100)));
    end if;
    for item in select e.value, e.ordinality as n from jsonb_array_elements(value) with ordinality e loop
        perform trunkd.check_document(tab, format('%s: %s.%s, number %s', what, known.document, known.key, item.n), known.one_of[1], item.value, col);
    end loop;
end $$;

create function trunkd.check_document(tab text, what text, document text, value jsonb, col text) returns void
language plpgsql
as $$
declare
    setting record;
    known trunkd.field;
    wrong text;
begin
    if value is null or jsonb_typeof(value) <> 'object' then
        perform trunkd.fail('23514', tab, col, format('%s: %s must be a JSON object', what, document), 'Write {} for no settings.');
    end if;
    for setting in select e.key, e.value, jsonb_typeof(e.value) as type from jsonb_each(value) e order by e.key loop
        select * into known from trunkd.field f where f.document = check_document.document and f.key = setting.key;
        if not found then
            perform trunkd.fail('23514', tab, col, format('%s: %s has no setting "%s"', what, document, left(setting.key, 63)),
                trunkd.suggest(setting.key, (select array_agg(f.key order by f.key) from trunkd.field f where f.document = check_document.document),
                               format('This version knows no settings in %s: leave it empty ({}).', document)));
        end if;
        if known.type = 'secret' then
            perform trunkd.check_reference(tab, what, format('%s.%s', document, setting.key), setting.value #>> '{}', 'sip');
            continue;
        elsif known.type = 'documents' then
            perform trunkd.check_documents(tab, what, col, known, setting.value);
            continue;
        end if;
        wrong := coalesce(trunkd.setting_fault(known, setting.value), trunkd.setting_content_fault(known, setting.value),
                          trunkd.twilio_setting_fault(known, setting.value));
        if wrong is not null then
            perform trunkd.fail('23514', tab, col, format('%s: %s.%s must be %s', what, document, setting.key, wrong),
                format('It is %s.', left(setting.value::text, 100)));
        end if;
    end loop;
    if document = 'twilio_trunk' then
        perform trunkd.check_twilio_trunk(tab, what, value);
    end if;
end $$;

create or replace function trunkd.check_document(tab text, what text, document text, value jsonb) returns void
language plpgsql
as $$
begin
    perform trunkd.check_document(tab, what, document, value, document);
end $$;

create function trunkd.check_sip_uris(tab text, what text, setting text, key text, items jsonb) returns void
language plpgsql
as $$
declare
    doubled text;
begin
    if exists (select from jsonb_array_elements(items) e where not e.value ? key) then
        perform trunkd.fail('23502', tab, 'twilio_trunk', format('%s: twilio_trunk.%s has an entry without %s', what, setting, key),
            format('Write for example {"%s": "sip:backup.example.com;transport=tcp"}.', key));
    end if;
    select trunkd.sip_uri(e.value ->> key) into doubled from jsonb_array_elements(items) e group by 1 having count(*) > 1 limit 1;
    if doubled is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.%s has %s twice', what, setting, doubled),
            'Leave one of them out: scheme and host have no case.');
    end if;
end $$;

create or replace function trunkd.check_twilio_trunk(tab text, what text, value jsonb) returns void
language plpgsql
as $$
begin
    if value ? 'recording_trim' and coalesce(value ->> 'recording_mode', 'do-not-record') = 'do-not-record' then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.recording_trim is set, but nothing is recorded', what),
            'Set recording_mode too, for example to record-from-answer, or leave both out.');
    end if;
    perform trunkd.check_sip_uris(tab, what, 'origination_urls', 'url', coalesce(value -> 'origination_urls', '[]'));
end $$;

-- The URI of the project itself is there without being asked for.
create function trunkd.check_own_uri() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    own text;
    what text := case tg_table_name when 'trunk' then format('trunk "%s"', to_jsonb(new) ->> 'name')
                                    else format('phone number %s', to_jsonb(new) ->> 'phone_number') end;
begin
    select 'sip:' || p.sip_host into own from trunkd.livekit_project p where p.name = new.livekit_project;
    if exists (select from jsonb_array_elements(coalesce(new.twilio_trunk -> 'origination_urls', '[]')) e
               where trunkd.sip_uri(e.value ->> 'url') ~* '^[^?]*$'
                 and regexp_replace(trunkd.sip_uri(e.value ->> 'url'), ';transport=(tcp|tls)$', '', 'i') = own) then
        perform trunkd.fail('23514', tg_table_name, 'twilio_trunk',
            format('%s: twilio_trunk.origination_urls names %s, which is the project''s own', what, own),
            'Leave it out: calls go there anyway, with priority 10 and weight 10.');
    end if;
    return new;
end $$;
create trigger check_uris before insert or update on trunkd.trunk for each row execute function trunkd.check_own_uri();
create trigger check_uris before insert or update on trunkd.phone_number for each row execute function trunkd.check_own_uri();

revoke execute on function trunkd.sip_uri(text), trunkd.check_documents(text, text, text, trunkd.field, jsonb),
    trunkd.check_document(text, text, text, jsonb, text), trunkd.check_sip_uris(text, text, text, text, jsonb), trunkd.check_own_uri() from public;
