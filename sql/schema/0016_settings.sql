-- What the LiveKit settings of a number may hold: the rows of include/trunkd/settings.def, which a test compares. What LiveKit accepts and
-- then fails every call with is refused here, with a sentence.
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('inbound_trunk', 'allowed_addresses', 'list', null, 100, null),
    ('inbound_trunk', 'allowed_numbers', 'list', null, 1000, null),
    ('inbound_trunk', 'media_encryption', 'text', null, null, '{disable,allow,require}'),
    ('inbound_trunk', 'krisp_enabled', 'bool', null, null, null),
    ('inbound_trunk', 'headers', 'map', null, 100, null),
    ('inbound_trunk', 'headers_to_attributes', 'map', null, 100, null),
    ('inbound_trunk', 'attributes_to_headers', 'map', null, 100, null),
    ('inbound_trunk', 'include_headers', 'text', null, null, '{none,x,all}'),
    ('inbound_trunk', 'ringing_timeout_seconds', 'int', 1, 3600, null),
    ('inbound_trunk', 'max_call_duration_seconds', 'int', 1, 86400, null),
    ('outbound_trunk', 'media_encryption', 'text', null, null, '{disable,allow,require}'),
    ('outbound_trunk', 'headers', 'map', null, 100, null),
    ('outbound_trunk', 'headers_to_attributes', 'map', null, 100, null),
    ('outbound_trunk', 'attributes_to_headers', 'map', null, 100, null),
    ('outbound_trunk', 'include_headers', 'text', null, null, '{none,x,all}'),
    ('outbound_trunk', 'destination_country', 'text', 2, 2, null),
    ('outbound_trunk', 'from_host', 'text', 1, 255, null);

-- An address or a network, as LiveKit compares a caller's source with it; what it cannot read it would skip without a word. PostgreSQL
-- takes 10.1 for a network, LiveKit does not.
create function trunkd.is_network(value text) returns boolean
language plpgsql immutable
as $$
begin
    perform value::cidr;
    return value like '%:%' or value ~ '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?$';
exception when others then
    return false;
end $$;

-- What is wrong with the values of one setting beyond its type; null if nothing is.
create function trunkd.setting_content_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
declare
    item text;
begin
    if known.type = 'list' then
        for item in select e.value from jsonb_array_elements_text(value) e loop
            if known.key = 'allowed_addresses' and not trunkd.is_network(item) then
                return 'a list of IP addresses or networks in CIDR form, such as 203.0.113.7 or 203.0.113.0/24';
            elsif item !~ '^[^[:space:][:cntrl:]]{1,255}$' then
                return 'a list of texts without spaces, none of them empty or longer than 255';
            end if;
        end loop;
    elsif known.type = 'map' then
        if (select count(*) from jsonb_object_keys(value)) > known.most then
            return 'at most ' || known.most || ' entries';
        elsif exists (select from jsonb_each_text(value) e where e.key !~ '^[A-Za-z0-9_.!%*+`~''-]{1,127}$') then
            return 'named with letters, digits, dots and dashes, as SIP headers and attributes are';
        elsif known.key = 'headers' and exists (select from jsonb_object_keys(value) k where lower(k) in (
                'accept', 'accept-encoding', 'accept-language', 'allow', 'allow-events', 'call-id', 'contact', 'content-encoding', 'content-length',
                'content-type', 'cseq', 'event', 'expires', 'from', 'max-forwards', 'record-route', 'refer-to', 'reply-to', 'k', 'l', 'm', 'o', 'r',
                't', 'u', 'v')) then
            return 'other headers than those that LiveKit writes itself, such as From, Contact or Call-ID';
        elsif exists (select from jsonb_each_text(value) e where octet_length(e.value) > 1024) then
            return 'an object of texts of at most 1024 bytes each';
        elsif exists (select from jsonb_each_text(value) e where e.value ~ '[[:cntrl:]]' or e.value = '') then
            return 'an object of texts in one line, none of them empty';
        elsif octet_length(value::text) > 16384 then
            return 'shorter than 16 kB altogether: LiveKit answers every call with 486 when a participant''s attributes are too large';
        end if;
    elsif known.key = 'destination_country' and value #>> '{}' !~ '^[a-z]{2}$' then
        return 'a country of two lower-case letters, such as de';
    elsif known.key = 'from_host' and value #>> '{}' !~ '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$' then
        return 'a host name';
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
        wrong := coalesce(trunkd.setting_fault(known, setting.value), trunkd.setting_content_fault(known, setting.value));
        if wrong is not null then
            perform trunkd.fail('23514', tab, document, format('%s: %s.%s must be %s', what, document, setting.key, wrong),
                format('It is %s.', left(setting.value::text, 100)));
        end if;
    end loop;
end $$;

revoke execute on function trunkd.is_network(text), trunkd.setting_content_fault(trunkd.field, jsonb) from public;
