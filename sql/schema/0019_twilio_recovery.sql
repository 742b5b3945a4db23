-- Where Twilio sends calls that LiveKit cannot be given (include/trunkd/settings.def).
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('twilio_trunk', 'disaster_recovery_url', 'text', 1, 2048, null),
    ('twilio_trunk', 'disaster_recovery_method', 'text', null, null, '{POST,GET}');

-- What is wrong with the value of one of Twilio's settings beyond its type; null if nothing is.
create function trunkd.twilio_setting_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
begin
    if known.key = 'disaster_recovery_url' and value #>> '{}' !~ '^https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?$' then
        return 'a URL that begins with https:// or http://';
    end if;
    return null;
end $$;

create or replace function trunkd.check_document(tab text, what text, document text, value jsonb) returns void
language plpgsql
as $$
declare
    setting record;
    known trunkd.field;
    wrong text;
begin
    if value is null or jsonb_typeof(value) <> 'object' then
        perform trunkd.fail('23514', tab, document, format('%s: %s must be a JSON object', what, document), 'Write {} for no settings.');
    end if;
    for setting in select e.key, e.value, jsonb_typeof(e.value) as type from jsonb_each(value) e order by e.key loop
        select * into known from trunkd.field f where f.document = check_document.document and f.key = setting.key;
        if not found then
            perform trunkd.fail('23514', tab, document, format('%s: %s has no setting "%s"', what, document, left(setting.key, 63)),
                trunkd.suggest(setting.key, (select array_agg(f.key order by f.key) from trunkd.field f where f.document = check_document.document),
                               format('This version knows no settings in %s: leave it empty ({}).', document)));
        end if;
        if known.type = 'secret' then
            perform trunkd.check_reference(tab, what, format('%s.%s', document, setting.key), setting.value #>> '{}', 'sip');
            continue;
        end if;
        wrong := coalesce(trunkd.setting_fault(known, setting.value), trunkd.setting_content_fault(known, setting.value),
                          trunkd.twilio_setting_fault(known, setting.value));
        if wrong is not null then
            perform trunkd.fail('23514', tab, document, format('%s: %s.%s must be %s', what, document, setting.key, wrong),
                format('It is %s.', left(setting.value::text, 100)));
        end if;
    end loop;
end $$;

revoke execute on function trunkd.twilio_setting_fault(trunkd.field, jsonb) from public;
