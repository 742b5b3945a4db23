-- The rest of LiveKit's settings (include/trunkd/settings.def): where calls of numbers of other carriers go, with whose name and password,
-- and whom callers are asked for; rules of each of LiveKit's types, and agents that come to the room besides the one of the row.
insert into trunkd.reason (name, status, settled, remedy) values
    ('NotConfigured', 'pending', true, 'Put what the message names where the daemon looks for it: a secret, or a host in allowed_origins.');
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('inbound_trunk', 'auth_username', 'text', 1, 128, null),
    ('inbound_trunk', 'auth_password', 'secret', null, null, null),
    ('outbound_trunk', 'address', 'text', 1, 255, null),
    ('outbound_trunk', 'transport', 'text', null, null, '{auto,udp,tcp,tls}'),
    ('outbound_trunk', 'auth_username', 'text', 1, 128, null),
    ('outbound_trunk', 'auth_password', 'secret', null, null, null),
    ('dispatch_rule', 'type', 'text', null, null, '{individual,direct,callee}'),
    ('dispatch_rule', 'room_name', 'text', 1, 128, null),
    ('dispatch_rule', 'randomize', 'bool', null, null, null),
    ('dispatch_rule', 'more_agents', 'map', null, 10, null);

create or replace function trunkd.check_provider(n trunkd.phone_number, what text) returns void
language plpgsql
as $$
declare
    tab constant text := 'phone_number';
begin
    if n.provider is null or n.provider not in ('twilio', 'sip') then
        perform trunkd.fail('23514', tab, 'provider', format('%s: provider must be twilio or sip', what),
            trunkd.suggest(left(n.provider, 63), array['twilio', 'sip'], ''));
    elsif n.provider = 'twilio' and n.twilio_account is null then
        perform trunkd.fail('23502', tab, 'twilio_account', format('%s: provider twilio needs a twilio_account', what),
            trunkd.suggest('', trunkd.account_names(), 'Insert a row into trunkd.twilio_account first.'));
    elsif n.provider = 'sip' and n.twilio_account is not null then
        perform trunkd.fail('23514', tab, 'twilio_account', format('%s: provider sip does not go with a twilio_account', what),
            'Leave twilio_account out, or write provider twilio.');
    elsif n.provider = 'sip' and (n.trunk is not null or n.twilio_trunk is not null) then
        perform trunkd.fail('23514', tab, case when n.trunk is null then 'twilio_trunk' else 'trunk' end,
            format('%s: provider sip does not go with a Twilio trunk', what), 'Leave trunk and twilio_trunk out, or write provider twilio.');
    elsif not (n.supports_inbound or n.supports_outbound) then
        perform trunkd.fail('23514', tab, 'supports_inbound', format('%s: it must support inbound or outbound calls', what),
            'Set one of them to true, or delete the row.');
    elsif n.trunk is not null and n.twilio_trunk is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: it names a trunk and has Twilio settings of its own', what),
            format('Put the settings on the trunk "%s", or name no trunk.', n.trunk));
    end if;
end $$;

-- What a text must be beyond its length, by the name of its setting; null if it is.
create function trunkd.setting_text_fault(key text, value text) returns text
language sql immutable
as $$
select case
    when key = 'destination_country' and value !~ '^[a-z]{2}$' then 'a country of two lower-case letters, such as de'
    when key = 'from_host' and value !~ '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$' then 'a host name'
    when key = 'address' and (value !~ '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]*)?$' or substring(value from ':([0-9]+)$')::numeric > 65535)
        then 'a host or host:port in lower case, such as sip.example.com or 203.0.113.7:5080, and nothing before or after it'
    when key = 'auth_username' and value !~ '^[^[:cntrl:][:space:]"\\]+$' then 'a text in one line without spaces, quotes and backslashes'
    when key = 'room_name' and value ~ '[[:cntrl:]]' then 'a text in one line'
end $$;

create function trunkd.setting_map_fault(known trunkd.field, value jsonb) returns text
language sql immutable
as $$
select case
    when (select count(*) from jsonb_object_keys(value)) > known.most then 'at most ' || known.most || ' entries'
    when exists (select from jsonb_object_keys(value) k where k !~ '^[A-Za-z0-9_.!%*+`~''-]{1,127}$')
        then 'named with letters, digits, dots and dashes, as SIP headers and attributes are'
    when known.key = 'headers' and exists (select from jsonb_object_keys(value) k where lower(k) in (
            'accept', 'accept-encoding', 'accept-language', 'allow', 'allow-events', 'call-id', 'contact', 'content-encoding', 'content-length',
            'content-type', 'cseq', 'event', 'expires', 'from', 'max-forwards', 'record-route', 'refer-to', 'reply-to', 'k', 'l', 'm', 'o', 'r',
            't', 'u', 'v')) then 'other headers than those that LiveKit writes itself, such as From, Contact or Call-ID'
    when exists (select from jsonb_each_text(value) e where octet_length(e.value) > 1024) then 'an object of texts of at most 1024 bytes each'
    when exists (select from jsonb_each_text(value) e where e.value ~ '[[:cntrl:]]' or e.value = '')
        then 'an object of texts in one line, none of them empty'
    when octet_length(value::text) > 16384
        then 'shorter than 16 kB altogether: LiveKit answers every call with 486 when a participant''s attributes are too large'
end $$;

-- Agents have the names and the metadata that the column dispatch_name and metadata may have.
create function trunkd.setting_agents_fault(known trunkd.field, value jsonb) returns text
language sql immutable
as $$
select case
    when (select count(*) from jsonb_object_keys(value)) > known.most then 'at most ' || known.most || ' agents'
    when exists (select from jsonb_object_keys(value) k where length(k) not between 1 and 128 or k ~ '[[:cntrl:]]')
        then 'named with one line of 1 to 128 characters each'
    when exists (select from jsonb_each_text(value) e where octet_length(e.value) > 65536) then 'an object of texts of at most 65536 bytes each'
    when octet_length(value::text) > 262144 then 'shorter than 256 kB altogether'
end $$;

create or replace function trunkd.setting_content_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
declare
    item text;
begin
    case known.type
        when 'list' then
            for item in select e.value from jsonb_array_elements_text(value) e loop
                if known.key = 'allowed_addresses' and not trunkd.is_network(item) then
                    return 'a list of IP addresses or networks in CIDR form, such as 203.0.113.7 or 203.0.113.0/24';
                elsif item !~ '^[^[:space:][:cntrl:]]{1,255}$' then
                    return 'a list of texts without spaces, none of them empty or longer than 255';
                end if;
            end loop;
        when 'map' then
            return case when known.key = 'more_agents' then trunkd.setting_agents_fault(known, value) else trunkd.setting_map_fault(known, value) end;
        when 'text' then
            return trunkd.setting_text_fault(known.key, value #>> '{}');
        else
    end case;
    return null;
end $$;

-- What one carrier asks for and another has no place for.
create function trunkd.check_number_settings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'phone_number';
    what text := format('phone number %s', new.phone_number);
    key text;
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
create trigger check_settings before insert or update on trunkd.phone_number for each row execute function trunkd.check_number_settings();

-- Which type of rule knows a setting; of the others none does.
create or replace function trunkd.check_agent_settings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'agent';
    doc constant text := 'dispatch_rule';
    what text := format('agent "%s"', left(new.name, 63));
    kind text := coalesce(new.dispatch_rule ->> 'type', 'individual');
    of_type record;
begin
    perform trunkd.check_document(tab, what, doc, new.dispatch_rule);
    if new.dispatch_rule ->> 'pin' !~ '^[0-9]+$' then
        perform trunkd.fail('23514', tab, doc, format('%s: dispatch_rule.pin must be digits', what), 'Callers type it on a telephone.');
    end if;
    for of_type in select * from (values ('room_name', 'direct'), ('no_randomness', 'individual'), ('randomize', 'callee')) v (key, type) loop
        if new.dispatch_rule ? of_type.key and kind <> of_type.type then
            perform trunkd.fail('23514', tab, doc, format('%s: dispatch_rule.%s goes with the type %s only', what, of_type.key, of_type.type),
                format('The type is %s: leave %s out, or write "type": "%s".', kind, of_type.key, of_type.type));
        end if;
    end loop;
    if kind = 'direct' and not new.dispatch_rule ? 'room_name' then
        perform trunkd.fail('23502', tab, doc, format('%s: dispatch_rule.type direct needs a room_name', what),
            'LiveKit answers every call with 486 where the room has no name: write {"type": "direct", "room_name": "lobby"}.');
    elsif new.dispatch_rule -> 'more_agents' ? new.dispatch_name then
        perform trunkd.fail('23514', tab, doc, format('%s: dispatch_rule.more_agents names "%s", which is its own dispatch_name', what, new.dispatch_name),
            'It would come twice: leave it out, its metadata is the column metadata.');
    end if;
    return new;
end $$;

revoke execute on function trunkd.setting_text_fault(text, text), trunkd.setting_map_fault(trunkd.field, jsonb), trunkd.setting_agents_fault(trunkd.field, jsonb),
    trunkd.check_number_settings() from public;
