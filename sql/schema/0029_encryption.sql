-- A number of Twilio's whose LiveKit trunk demands encrypted calls gets none unless its Twilio trunk encrypts them, and on one that does it
-- demands them without being told: the demand is made on the trunk (twilio_trunk.secure) and nowhere else.
create or replace function trunkd.check_number_settings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'phone_number';
    what text := format('phone number %s', new.phone_number);
    key text;
    doc text;
begin
    foreach key in array array['address', 'transport', 'auth_username', 'auth_password'] loop
        if new.provider = 'twilio' and new.outbound_trunk ? key then
            perform trunkd.fail('23514', tab, 'outbound_trunk', format('%s: outbound_trunk.%s does not go with provider twilio', what, key),
                'Leave it out: it follows from the number''s Twilio trunk, whose password trunkd makes.');
        elsif new.provider = 'twilio' and new.inbound_trunk ? key then
            perform trunkd.fail('23514', tab, 'inbound_trunk', format('%s: inbound_trunk.%s does not go with provider twilio', what, key),
                'Twilio''s Elastic SIP Trunking cannot send a user name and a password to LiveKit, so every call would be refused: leave it out.');
        end if;
    end loop;
    foreach doc in array array['inbound_trunk', 'outbound_trunk'] loop
        if new.provider = 'twilio' and to_jsonb(new) -> doc ->> 'media_encryption' = 'require' then
            perform trunkd.fail('23514', tab, doc, format('%s: %s.media_encryption require does not go with provider twilio', what, doc),
                'Twilio encrypts on trunks with twilio_trunk.secure only, and every other call would fail: set that, which both sides follow.');
        end if;
    end loop;
    if (new.inbound_trunk ? 'auth_username') <> (new.inbound_trunk ? 'auth_password') then
        perform trunkd.fail('23514', tab, 'inbound_trunk', format('%s: inbound_trunk.auth_username and auth_password go together', what),
            'With one of them alone LiveKit asks nobody: give both, or none.');
    end if;
    if new.provider = 'sip' and new.supports_outbound and not new.outbound_trunk ? 'address' then
        perform trunkd.fail('23502', tab, 'supports_outbound', format('%s: provider sip needs outbound_trunk.address for outbound calls', what),
            'Write the host that your carrier takes calls at: {"address": "sip.example.com"}.');
    elsif (new.outbound_trunk ? 'auth_username') <> (new.outbound_trunk ? 'auth_password') then
        perform trunkd.fail('23514', tab, 'outbound_trunk', format('%s: outbound_trunk.auth_username and auth_password go together', what),
            'With one of them alone LiveKit answers no challenge: give both, or none to a carrier that knows you by your address.');
    end if;
    return new;
end $$;
