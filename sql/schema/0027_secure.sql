-- Secure trunking (include/trunkd/settings.def): Twilio comes by TLS, and to what people name besides too.
insert into trunkd.field (document, key, type, least, most, one_of) values ('twilio_trunk', 'secure', 'bool', null, null, null);

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
        where check_twilio_trunk.value -> 'secure' = 'true' and e.value ->> 'url' !~ ';transport=tls([;?]|$)' limit 1;
    if plain is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.secure is set, and calls cannot go to %s', what, plain),
            'Twilio encrypts by TLS: write the URI with ;transport=tls.');
    end if;
end $$;
