-- Sentences that read better: remedies that fit what is wrong, a column for a secret in a document, and LiveKit's own way to write a URL.

-- A setting in a column is named as column.setting in sentences; to programs it is the column.
create or replace function trunkd.fail(code text, tab text, col text, sentence text, remedy text) returns void
language plpgsql
as $$
begin
    raise exception using errcode = code, message = sentence, hint = coalesce(remedy, ''), schema = 'trunkd', table = tab,
        column = split_part(coalesce(col, ''), '.', 1);
end $$;

create or replace function trunkd.check_text(tab text, what text, col text, value text, fewest int, most int) returns void
language plpgsql
as $$
begin
    if value is null or length(value) not between fewest and most or value ~ '[[:cntrl:]]' then
        perform trunkd.fail('23514', tab, col, format('%s: %s must be one line of %s to %s characters', what, col, fewest, most),
            case when coalesce(value, '') = '' then 'It is empty.'
                 when length(value) > most then format('It has %s characters: shorten it.', length(value))
                 else 'Leave out line breaks and other control characters.' end);
    end if;
end $$;

-- https, or http to this machine; no user, query or fragment, which could carry a secret. Gives the usual form: lower case host, no
-- default port, no slash at the end. LiveKit shows its addresses with wss://, which is the same host.
create or replace function trunkd.checked_url(tab text, what text, col text, value text) returns text
language plpgsql
as $$
declare
    origin text;
begin
    value := regexp_replace(value, '^ws(s?)://', 'http\1://', 'i');
    if value is null or length(value) > 255
       or value !~* ('^(https://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])|http://(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\]))'
                     || '(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$')
       or value ~ '/\.\.?(/|$)' then
        perform trunkd.fail('23514', tab, col, format('%s: %s is not an address that trunkd would send a secret to', what, col),
            'Write https://HOST, with :PORT and /PATH if need be; http:// only to localhost, 127.x.x.x or [::1].');
    end if;
    origin := lower(substring(value from '^[^:]+://[^/]+'));
    return regexp_replace(regexp_replace(origin, '^(https://.*):443$', '\1'), '^(http://.*):80$', '\1')
           || rtrim(substr(value, length(origin) + 1), '/');
end $$;

create or replace function trunkd.setting_fault(known trunkd.field, value jsonb) returns text
language plpgsql immutable
as $$
declare
    given text := jsonb_typeof(value);
    bare text := value #>> '{}';
    size bigint;
begin
    case known.type
        when 'bool' then
            return case when given <> 'boolean' then 'true or false' end;
        when 'int' then
            if given = 'number' and bare ~ '^-?[0-9]+$' and length(bare) < 12 then
                size := bare::bigint;
            end if;
            return case when size is null or size < coalesce(known.least, size) or size > coalesce(known.most, size)
                        then 'a whole number' || coalesce(' from ' || known.least, '') || coalesce(' to ' || known.most, '') end;
        when 'text' then
            if known.one_of is not null then
                return case when given <> 'string' or bare <> all (known.one_of) then 'one of ' || array_to_string(known.one_of, ', ') end;
            end if;
            return case when given <> 'string' or length(bare) not between coalesce(known.least, 0) and coalesce(known.most, length(bare))
                        then 'a text' || case when known.most is null then ''
                                              when known.least = known.most then format(' of %s characters', known.most)
                                              else format(' of %s to %s characters', coalesce(known.least, 0), known.most) end end;
        when 'list' then
            return case when given <> 'array' or exists (select from jsonb_array_elements(value) e where jsonb_typeof(e.value) <> 'string')
                          or jsonb_array_length(value) > coalesce(known.most, jsonb_array_length(value))
                        then 'a list of texts' || coalesce(', at most ' || known.most, '') end;
        when 'map' then
            return case when given <> 'object' or exists (select from jsonb_each(value) e where jsonb_typeof(e.value) <> 'string')
                        then 'an object of texts' end;
    end case;
end $$;

-- A value as a hint shows it.
create function trunkd.shown(value jsonb) returns text
language sql immutable
as $$ select left(value::text, 100) || case when length(value::text) > 100 then '…' else '' end $$;

create or replace function trunkd.check_documents(tab text, what text, col text, known trunkd.field, value jsonb) returns void
language plpgsql
as $$
declare
    item record;
begin
    if jsonb_typeof(value) <> 'array' or jsonb_array_length(value) > known.most then
        perform trunkd.fail('23514', tab, col, format('%s: %s.%s must be a list of at most %s JSON objects', what, known.document, known.key, known.most),
            format('It is %s.', trunkd.shown(value)));
    end if;
    for item in select e.value, e.ordinality as n from jsonb_array_elements(value) with ordinality e loop
        perform trunkd.check_document(tab, format('%s: %s.%s, number %s', what, known.document, known.key, item.n), known.one_of[1], item.value, col);
    end loop;
end $$;

create or replace function trunkd.check_document(tab text, what text, document text, value jsonb, col text) returns void
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
                format('It is %s.', trunkd.shown(setting.value)));
        end if;
    end loop;
    if document = 'twilio_trunk' then
        perform trunkd.check_twilio_trunk(tab, what, value);
    end if;
end $$;

revoke execute on function trunkd.shown(jsonb) from public;
