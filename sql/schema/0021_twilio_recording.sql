-- Recordings: a kind below the trunk, and its settings (include/trunkd/kinds.def, settings.def).
update trunkd.kind set set_up_order = set_up_order + 1 where set_up_order >= 2;
insert into trunkd.kind (set_up_order, name, owner_type, provider) values (2, 'twilio.recording', 'trunk', 'twilio');

insert into trunkd.field (document, key, type, least, most, one_of) values
    ('twilio_trunk', 'recording_mode', 'text', null, null,
     '{do-not-record,record-from-ringing,record-from-answer,record-from-ringing-dual,record-from-answer-dual}'),
    ('twilio_trunk', 'recording_trim', 'text', null, null, '{do-not-trim,trim-silence}');

-- What Twilio's settings say together, each of them right for itself.
create function trunkd.check_twilio_trunk(tab text, what text, value jsonb) returns void
language plpgsql
as $$
begin
    if value ? 'recording_trim' and coalesce(value ->> 'recording_mode', 'do-not-record') = 'do-not-record' then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.recording_trim is set, but nothing is recorded', what),
            'Set recording_mode too, for example to record-from-answer, or leave both out.');
    end if;
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
    if document = 'twilio_trunk' then
        perform trunkd.check_twilio_trunk(tab, what, value);
    end if;
end $$;

revoke execute on function trunkd.check_twilio_trunk(text, text, jsonb) from public;
