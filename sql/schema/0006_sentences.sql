-- Words for errors: every refusal is one sentence that says what is wrong and where, and a hint that says how to mend it.
-- No sentence repeats a value that may be a secret in the wrong column.

create function trunkd.fail(code text, tab text, col text, sentence text, remedy text) returns void
language plpgsql
as $$
begin
    raise exception using errcode = code, message = sentence, hint = coalesce(remedy, ''), schema = 'trunkd', table = tab, column = coalesce(col, '');
end $$;

-- How many letters have to be changed, left out or put in to make one word of the other.
create function trunkd.distance(a text, b text) returns int
language plpgsql immutable
as $$
declare
    above int[];
    here int[];
begin
    select array_agg(i) into above from generate_series(0, length(b)) i;
    for i in 1 .. length(a) loop
        here := array[i];
        for j in 1 .. length(b) loop
            here := here || least(above[j + 1] + 1, here[j] + 1, above[j] + (substr(a, i, 1) <> substr(b, j, 1))::int);
        end loop;
        above := here;
    end loop;
    return above[length(b) + 1];
end $$;

-- The word nearest to what was written, or null when none is near.
create function trunkd.nearest(written text, words text[]) returns text
language sql immutable
as $$
    select w.word
    from (select word, trunkd.distance(lower(written), lower(word)) as far
          from unnest(words) word
          where length(written) between 1 and 63 and abs(length(word) - length(written)) <= 1 + length(written) / 3) w
    where w.far <= 1 + length(written) / 3
    order by w.far, w.word limit 1
$$;

-- "Did you mean x?", or what there is to choose from.
create function trunkd.suggest(written text, words text[], otherwise text) returns text
language sql immutable
as $$
    select coalesce(
        'Did you mean "' || trunkd.nearest(written, words) || '"?',
        case when coalesce(cardinality(words), 0) = 0 then otherwise
             else 'Known: ' || (select string_agg(format('"%s"', w), ', ' order by w) from unnest(words[1:5]) w)
                  || case when cardinality(words) > 5 then format(' and %s more', cardinality(words) - 5) else '' end || '.'
        end)
$$;

-- Names go into commands, file names and manifests. Without a "+" in front, a trunk's name is never taken for a number.
create function trunkd.check_name(tab text, noun text, name text) returns void
language plpgsql
as $$
begin
    if name is null or length(name) > 63 or name !~ '^[A-Za-z0-9][A-Za-z0-9._-]*$' then
        perform trunkd.fail('23514', tab, 'name', format('this cannot be the name of %s', noun),
            'A name has 1 to 63 letters, digits, ".", "_" or "-", and begins with a letter or a digit.');
    end if;
end $$;

-- One line of text for people or for a provider.
create function trunkd.check_text(tab text, what text, col text, value text, fewest int, most int) returns void
language plpgsql
as $$
begin
    if value is null or length(value) not between fewest and most or value ~ '[[:cntrl:]]' then
        perform trunkd.fail('23514', tab, col, format('%s: %s must be one line of %s to %s characters', what, col, fewest, most),
            'Shorten it, and leave out line breaks and other control characters.');
    end if;
end $$;

create function trunkd.check_range(tab text, what text, col text, value int, lowest int, highest int) returns void
language plpgsql
as $$
begin
    if value is null or value not between lowest and highest then
        perform trunkd.fail('23514', tab, col, format('%s: %s must be a number from %s to %s', what, col, lowest, highest),
            format('It is %s.', coalesce(value::text, 'null')));
    end if;
end $$;

create function trunkd.check_labels(tab text, what text, labels jsonb) returns void
language plpgsql
as $$
begin
    if labels is null or jsonb_typeof(labels) <> 'object'
       or exists (select from jsonb_each(labels) l where jsonb_typeof(l.value) <> 'string' or length(l.key) not between 1 and 63
                                                         or length(l.value #>> '{}') > 63) then
        perform trunkd.fail('23514', tab, 'labels', format('%s: labels must be a JSON object of short texts', what),
            'Write for example {"team": "support"}; keys have 1 to 63 characters, values at most 63.');
    end if;
end $$;

-- Secrets are references, and each use has its own name space: nothing here can name a file or a variable of another use.
-- The value itself is never repeated, for where it is wrong it may be the secret.
create function trunkd.check_reference(tab text, what text, col text, value text, space text) returns void
language plpgsql
as $$
declare
    remedy text := format('Write file:%1$s/NAME, env:TRUNKD_%2$s_NAME, or the sealed:... text that `trunkctl seal` prints.',
                          space, upper(space));
    good boolean := coalesce(length(value) <= 4096 and (
            value ~ format('^file:%s/[A-Za-z0-9][A-Za-z0-9._-]*$', space)
            or value ~ format('^env:TRUNKD_%s_[A-Z0-9_]+$', upper(space))
            or (value ~ '^sealed:[0-9a-f]{8}:[A-Za-z0-9+/_-]+={0,2}$' and length(value) >= 80)), false);
begin
    if good and value like 'sealed:%' and exists (select from trunkd.seal_key)
       and not exists (select from trunkd.seal_key k where k.key_id = split_part(value, ':', 2)) then
        perform trunkd.fail('23514', tab, col, format('%s: %s is sealed with a key that this installation does not have', what, col),
            'Seal it again: trunkctl seal uses the right key.');
    elsif good then
        return;
    elsif value is null or value = '' then
        perform trunkd.fail('23514', tab, col, format('%s: %s is missing', what, col), remedy);
    elsif value like 'file:%' or value like 'env:%' then
        perform trunkd.fail('23514', tab, col, format('%s: %s refers to a place outside its name space', what, col), remedy);
    elsif value like 'sealed:%' then
        perform trunkd.fail('23514', tab, col, format('%s: %s is not a whole sealed secret', what, col), remedy);
    else
        perform trunkd.fail('23514', tab, col, format('%s: %s holds a secret in plain text; only a reference to one is stored', what, col),
            remedy || ' Then change the secret: this one may stand in the server''s log.');
    end if;
end $$;

-- https, or http to this machine; no user, query or fragment, which could carry a secret. Gives the usual form: lower case host, no
-- default port, no slash at the end.
create function trunkd.checked_url(tab text, what text, col text, value text) returns text
language plpgsql
as $$
declare
    origin text;
begin
    if value ~ '^wss?://' then
        perform trunkd.fail('23514', tab, col, format('%s: %s begins with ws', what, col), 'Write the same address with https://.');
    end if;
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

-- Settings documents, checked against the table of fields.
create function trunkd.check_document(tab text, what text, document text, value jsonb) returns void
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
        wrong := trunkd.setting_fault(known, setting.value);
        if wrong is not null then
            perform trunkd.fail('23514', tab, document, format('%s: %s.%s must be %s', what, document, setting.key, wrong),
                format('It is %s.', left(setting.value::text, 100)));
        end if;
    end loop;
end $$;

-- What a setting must be, if it is not; null if it is.
create function trunkd.setting_fault(known trunkd.field, value jsonb) returns text
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
                        then 'a text' || coalesce(' of at least ' || known.least, '') || coalesce(' of at most ' || known.most, '') end;
        when 'list' then
            return case when given <> 'array' or exists (select from jsonb_array_elements(value) e where jsonb_typeof(e.value) <> 'string')
                          or jsonb_array_length(value) > coalesce(known.most, jsonb_array_length(value))
                        then 'a list of texts' || coalesce(', at most ' || known.most, '') end;
        when 'map' then
            return case when given <> 'object' or exists (select from jsonb_each(value) e where jsonb_typeof(e.value) <> 'string')
                        then 'an object of texts' end;
    end case;
end $$;

-- "3 phone numbers", "1 trunk", null for none.
create function trunkd.counted(n bigint, noun text) returns text
language sql immutable
as $$ select case when n = 1 then '1 ' || noun when n > 1 then n || ' ' || noun || 's' end $$;
