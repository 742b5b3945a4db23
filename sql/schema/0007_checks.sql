-- Bad input, refused where it comes in. Triggers and not CHECK constraints: those print the whole row and have no hint.
-- They raise or complete the row, and have no other effect: ON CONFLICT DO NOTHING runs them before the conflict is seen.

-- A column that makes a row what it is stays as it is.
create function trunkd.keep_key(tab text, what text, col text, was text, wanted text) returns void
language plpgsql
as $$
begin
    if was is distinct from wanted then
        perform trunkd.fail('55000', tab, col, format('%s: %s cannot be changed', what, col),
            'Insert a new row and delete the old one.');
    end if;
end $$;

create function trunkd.refuse_unknown(tab text, what text, col text, noun text, given text, words text[]) returns void
language plpgsql
as $$
begin
    perform trunkd.fail('23503', tab, col, format('%s: there is no %s "%s"', what, noun, left(given, 63)),
        trunkd.suggest(given, words, 'There is none at all yet: insert it first.'));
end $$;

create function trunkd.project_names() returns text[] language sql stable
as $$ select array_agg(name order by name) from trunkd.livekit_project $$;
create function trunkd.account_names() returns text[] language sql stable
as $$ select array_agg(name order by name) from trunkd.twilio_account $$;

create function trunkd.require_project(tab text, what text, given text) returns void
language plpgsql
as $$
begin
    if not exists (select from trunkd.livekit_project where name = given) then
        perform trunkd.refuse_unknown(tab, what, 'livekit_project', 'LiveKit project', given, trunkd.project_names());
    end if;
end $$;

create function trunkd.require_account(tab text, what text, given text) returns void
language plpgsql
as $$
begin
    if not exists (select from trunkd.twilio_account where name = given) then
        perform trunkd.refuse_unknown(tab, what, 'twilio_account', 'Twilio account', given, trunkd.account_names());
    end if;
end $$;

-- The project of a row that names none: its account's default, else the only one there is.
create function trunkd.default_project(tab text, what text, account text) returns text
language plpgsql
as $$
declare
    project text := (select livekit_project from trunkd.twilio_account where name = account);
    names text[];
begin
    if project is null then
        names := trunkd.project_names();
        if coalesce(cardinality(names), 0) <> 1 then
            perform trunkd.fail('23502', tab, 'livekit_project', format('%s: no livekit_project is given, and there is %s', what,
                case when names is null then 'none' else 'more than one' end),
                case when names is null then 'Insert a row into trunkd.livekit_project first.'
                     else 'Name one, or give the account a default. ' || trunkd.suggest('', names, '') end);
        end if;
        project := names[1];
    end if;
    return project;
end $$;

-- Accounts and projects share one name space, and an identity has one row. Waits only for whoever writes the same name. While the
-- daemon still has objects in an account whose row is gone, its name and its identity belong together.
create function trunkd.check_account_name(tab text, what text, provider text, account text, account_identity text) returns void
language plpgsql
as $$
declare
    copy record;
begin
    perform pg_advisory_xact_lock(hashtext('trunkd.account'), hashtext(account));
    if (provider = 'twilio' and exists (select from trunkd.livekit_project where name = account))
       or (provider = 'livekit' and exists (select from trunkd.twilio_account where name = account)) then
        perform trunkd.fail('23505', tab, 'name', format('%s: a %s has that name already', what,
            case provider when 'twilio' then 'LiveKit project' else 'Twilio account' end),
            'Accounts and projects share one name space: take another name.');
    end if;
    select c.name, c.identity into copy from trunkd.account_copy c
    where ((c.name = account and (c.provider, c.identity) <> (check_account_name.provider, account_identity))
           or (c.name <> account and c.provider = check_account_name.provider and c.identity = account_identity))
      and not exists (select from trunkd.twilio_account a where a.name = c.name)
      and not exists (select from trunkd.livekit_project p where p.name = c.name)
    limit 1;
    if found and copy.name = account then
        perform trunkd.fail('55000', tab, 'name', format('%s: objects of the account that had this name are still being removed', what),
            format('It was %s. Wait until trunkd.account_state shows it no more, or take another name.', copy.identity));
    elsif found then
        perform trunkd.fail('55000', tab, 'name', format('%s: its objects are still being removed under the name "%s"', what, copy.name),
            format('Use the name "%s", or wait until trunkd.account_state shows it no more.', copy.name));
    end if;
end $$;

create function trunkd.check_twilio_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'twilio_account';
    what text;
begin
    perform trunkd.check_name(tab, 'a Twilio account', new.name);
    what := format('Twilio account "%s"', new.name);
    perform trunkd.check_reference(tab, what, 'secret', new.secret, 'account');
    if new.account_sid is null or new.account_sid !~ '^AC[0-9a-f]{32}$' then
        perform trunkd.fail('23514', tab, 'account_sid', format('%s: account_sid is not the SID of an account', what),
            'It is "AC" and 32 digits or letters a to f; the console shows it as Account SID.');
    end if;
    if new.api_key_sid !~ '^SK[0-9a-f]{32}$' then
        perform trunkd.fail('23514', tab, 'api_key_sid', format('%s: api_key_sid is not the SID of an API key', what),
            'It is "SK" and 32 digits or letters a to f. Leave it null to use the auth token.');
    end if;
    if new.region is null or new.region !~ '^[a-z]{2}[0-9]$' then
        perform trunkd.fail('23514', tab, 'region', format('%s: region is not one of Twilio''s', what), 'Write us1, ie1 or au1.');
    end if;
    if new.edge !~ '^[a-z]+(-[a-z]+)*$' or length(new.edge) > 32 then
        perform trunkd.fail('23514', tab, 'edge', format('%s: edge is not one of Twilio''s', what),
            'Write for example dublin or sydney, or leave it null.');
    elsif new.region <> 'us1' and new.edge is null then
        perform trunkd.fail('23514', tab, 'edge', format('%s: region %s needs an edge', what, new.region),
            'Twilio answers from us1 where the edge is missing: write for example dublin for ie1, sydney for au1.');
    end if;
    if new.base_url is not null then
        new.base_url := trunkd.checked_url(tab, what, 'base_url', new.base_url);
    end if;
    if length(new.termination_address) > 255 or new.termination_address !~ '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$' then
        perform trunkd.fail('23514', tab, 'termination_address', format('%s: termination_address is not a host', what),
            'Write HOST or HOST:PORT, or leave it null for the trunk''s own address at Twilio.');
    end if;
    perform trunkd.check_range(tab, what, 'numbers_per_trunk', new.numbers_per_trunk, 1, 500);
    perform trunkd.check_range(tab, what, 'max_in_flight', new.max_in_flight, 1, 32);
    perform trunkd.check_labels(tab, what, new.labels);
    if new.livekit_project is not null then
        perform trunkd.require_project(tab, what, new.livekit_project);
    end if;
    if tg_op = 'UPDATE' then
        perform trunkd.keep_key(tab, format('Twilio account "%s"', old.name), 'name', old.name, new.name);
        perform trunkd.keep_key(tab, what, 'account_sid', old.account_sid, new.account_sid);
        perform trunkd.keep_key(tab, what, 'region', old.region, new.region);
    else
        perform trunkd.check_account_name(tab, what, 'twilio', new.name, new.account_sid || '/' || new.region);
    end if;
    return new;
end $$;

create function trunkd.check_livekit_project() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'livekit_project';
    what text;
begin
    perform trunkd.check_name(tab, 'a LiveKit project', new.name);
    what := format('LiveKit project "%s"', new.name);
    perform trunkd.check_reference(tab, what, 'secret', new.secret, 'account');
    new.url := trunkd.checked_url(tab, what, 'url', new.url);
    if new.api_key is null or length(new.api_key) not between 1 and 128 or new.api_key !~ '^[A-Za-z0-9_-]+$' then
        perform trunkd.fail('23514', tab, 'api_key', format('%s: api_key is not the name of an API key', what),
            'Write the key that LiveKit shows beside its secret; the secret itself goes nowhere but into a file.');
    end if;
    new.sip_host := lower(regexp_replace(new.sip_host, '^sips?:', ''));
    if new.sip_host is null or length(new.sip_host) > 255 or new.sip_host !~ '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$' then
        perform trunkd.fail('23514', tab, 'sip_host', format('%s: sip_host is not a host', what),
            'Write the host of the project''s SIP address, for example name.sip.livekit.cloud.');
    end if;
    perform trunkd.check_range(tab, what, 'max_in_flight', new.max_in_flight, 1, 32);
    perform trunkd.check_labels(tab, what, new.labels);
    if tg_op = 'UPDATE' then
        perform trunkd.keep_key(tab, format('LiveKit project "%s"', old.name), 'name', old.name, new.name);
        perform trunkd.keep_key(tab, what, 'url', old.url, new.url);
    else
        perform trunkd.check_account_name(tab, what, 'livekit', new.name, new.url);
    end if;
    return new;
end $$;

create function trunkd.check_agent() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    what text;
begin
    perform trunkd.check_name('agent', 'an agent', new.name);
    what := format('agent "%s"', new.name);
    perform trunkd.check_text('agent', what, 'dispatch_name', new.dispatch_name, 1, 128);
    perform trunkd.check_text('agent', what, 'room_prefix', new.room_prefix, 0, 64);
    if new.metadata is null or octet_length(new.metadata) > 65536 then
        perform trunkd.fail('23514', 'agent', 'metadata', format('%s: metadata must be a text of at most 65536 bytes', what), 'Shorten it.');
    end if;
    perform trunkd.check_labels('agent', what, new.labels);
    if tg_op = 'UPDATE' then
        perform trunkd.keep_key('agent', format('agent "%s"', old.name), 'name', old.name, new.name);
    end if;
    return new;
end $$;

create function trunkd.check_trunk() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    what text;
    needed_by bigint;
begin
    perform trunkd.check_name('trunk', 'a trunk', new.name);
    what := format('trunk "%s"', new.name);
    if new.twilio_account is null then
        perform trunkd.fail('23502', 'trunk', 'twilio_account', format('%s: twilio_account is missing', what),
            trunkd.suggest('', trunkd.account_names(), 'Insert a row into trunkd.twilio_account first.'));
    end if;
    perform trunkd.require_account('trunk', what, new.twilio_account);
    if new.livekit_project is null then
        new.livekit_project := coalesce((select t.livekit_project from trunkd.trunk t where t.name = new.name),
                                        trunkd.default_project('trunk', what, new.twilio_account));
    end if;
    perform trunkd.require_project('trunk', what, new.livekit_project);
    perform trunkd.check_document('trunk', what, 'twilio_trunk', new.twilio_trunk);
    if new.numbers_max is not null then
        perform trunkd.check_range('trunk', what, 'numbers_max', new.numbers_max, 1, 100000);
    end if;
    perform trunkd.check_labels('trunk', what, new.labels);
    if tg_op = 'UPDATE' then
        perform trunkd.keep_key('trunk', what, 'id', old.id::text, new.id::text);
        perform trunkd.keep_key('trunk', format('trunk "%s"', old.name), 'name', old.name, new.name);
        if (new.twilio_account, new.livekit_project) <> (old.twilio_account, old.livekit_project) then
            needed_by := (select count(*) from trunkd.phone_number n where n.trunk = new.name);
            if needed_by > 0 then
                perform trunkd.fail('55000', 'trunk', null, format('%s: account and project cannot be changed while %s %s it', what,
                    trunkd.counted(needed_by, 'phone number'), case needed_by when 1 then 'names' else 'name' end),
                    'Make another trunk and name that one on the numbers.');
            end if;
        end if;
    end if;
    return new;
end $$;

-- The project of a number that names neither project nor trunk: the one it has already (an upsert moves nobody), else the default.
create function trunkd.number_project(n trunkd.phone_number, what text) returns text
language plpgsql
as $$
begin
    return coalesce(
        (select p.livekit_project from trunkd.phone_number p where p.phone_number = n.phone_number),
        trunkd.default_project('phone_number', what, n.twilio_account));
end $$;

create function trunkd.check_provider(n trunkd.phone_number, what text) returns void
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
    elsif n.provider = 'sip' and n.supports_outbound then
        perform trunkd.fail('23514', tab, 'supports_outbound', format('%s: provider sip is for inbound calls only in this version', what),
            'Set supports_outbound to false.');
    elsif not (n.supports_inbound or n.supports_outbound) then
        perform trunkd.fail('23514', tab, 'supports_inbound', format('%s: it must support inbound or outbound calls', what),
            'Set one of them to true, or delete the row.');
    elsif n.trunk is not null and n.twilio_trunk is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: it names a trunk and has Twilio settings of its own', what),
            format('Put the settings on the trunk "%s", or name no trunk.', n.trunk));
    end if;
end $$;

create function trunkd.check_number(n trunkd.phone_number) returns void
language plpgsql
as $$
declare
    shown text := left(coalesce(n.phone_number, 'null'), 40);
    bare text := regexp_replace(n.phone_number, '[^0-9]', '', 'g');
begin
    if n.phone_number is null or n.phone_number !~ '^\+[1-9][0-9]+$' or length(n.phone_number) not between 3 and 16 then
        perform trunkd.fail('23514', 'phone_number', 'phone_number', format('"%s" is not a phone number in E.164 form', shown),
            'Write "+", the country code and the number without its leading 0, at most 15 digits and nothing else, for example +14155551234.'
            || case when n.phone_number ~ '^\s*\+' and bare ~ '^[1-9]' and length(bare) between 7 and 15
                    then format(' Did you mean +%s?', bare) else '' end);
    end if;
end $$;

create function trunkd.check_phone_number() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tab constant text := 'phone_number';
    what text;
    trunk_account text;
    trunk_project text;
begin
    if tg_op = 'UPDATE' then
        perform trunkd.keep_key(tab, format('phone number %s', old.phone_number), 'phone_number', old.phone_number, new.phone_number);
    end if;
    perform trunkd.check_number(new);
    what := format('phone number %s', new.phone_number);
    perform trunkd.check_text(tab, what, 'label', new.label, 0, 64);
    perform trunkd.check_provider(new, what);
    if new.twilio_account is not null then
        perform trunkd.require_account(tab, what, new.twilio_account);
    end if;
    if new.agent is not null and not exists (select from trunkd.agent where name = new.agent) then
        perform trunkd.refuse_unknown(tab, what, 'agent', 'agent', new.agent,
            (select array_agg(a.name order by a.name) from (select name from trunkd.agent limit 1000) a));
    end if;
    if new.trunk is not null then
        select r.twilio_account, r.livekit_project into trunk_account, trunk_project from trunkd.trunk r where r.name = new.trunk;
        if not found then
            perform trunkd.refuse_unknown(tab, what, 'trunk', 'trunk', new.trunk,
                (select array_agg(r.name order by r.name) from (select name from trunkd.trunk limit 1000) r));
        elsif trunk_account <> new.twilio_account then
            perform trunkd.fail('23514', tab, 'trunk', format('%s: trunk "%s" is in the Twilio account "%s"', what, new.trunk, trunk_account),
                format('Name a trunk in the account "%s", or none.', new.twilio_account));
        elsif trunk_project <> new.livekit_project then
            perform trunkd.fail('23514', tab, 'trunk', format('%s: trunk "%s" leads to the LiveKit project "%s"', what, new.trunk, trunk_project),
                format('Name a trunk that leads to "%s", or set livekit_project to null to have the trunk''s.', new.livekit_project));
        end if;
    end if;
    if new.livekit_project is null then
        new.livekit_project := coalesce(trunk_project, trunkd.number_project(new, what));
    end if;
    perform trunkd.require_project(tab, what, new.livekit_project);
    perform trunkd.check_document(tab, what, 'inbound_trunk', new.inbound_trunk);
    perform trunkd.check_document(tab, what, 'outbound_trunk', new.outbound_trunk);
    if new.twilio_trunk is not null then
        perform trunkd.check_document(tab, what, 'twilio_trunk', new.twilio_trunk);
    end if;
    perform trunkd.check_labels(tab, what, new.labels);
    return new;
end $$;

-- Who still needs a parent, in words. Whoever comes in at the same moment is PostgreSQL's to refuse, by the foreign key.
create function trunkd.refuse_needed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    what text := case tg_table_name when 'twilio_account' then 'Twilio account' when 'trunk' then 'trunk' else 'LiveKit project' end;
    numbers bigint;
    trunks bigint := 0;
    accounts bigint := 0;
    needed_by text;
begin
    case tg_table_name
        when 'trunk' then
            numbers := (select count(*) from trunkd.phone_number n where n.trunk = old.name);
        when 'twilio_account' then
            numbers := (select count(*) from trunkd.phone_number n where n.twilio_account = old.name);
            trunks := (select count(*) from trunkd.trunk t where t.twilio_account = old.name);
        when 'livekit_project' then
            numbers := (select count(*) from trunkd.phone_number n where n.livekit_project = old.name);
            trunks := (select count(*) from trunkd.trunk t where t.livekit_project = old.name);
            accounts := (select count(*) from trunkd.twilio_account a where a.livekit_project = old.name);
    end case;
    needed_by := concat_ws(' and ', trunkd.counted(numbers, 'phone number'), trunkd.counted(trunks, 'trunk'),
                           trunkd.counted(accounts, 'Twilio account'));
    if needed_by <> '' then
        perform trunkd.fail('23001', tg_table_name, null, format('%s "%s" is still needed by %s', what, old.name, needed_by),
            format('Delete them or point them elsewhere first, by their column %s.', tg_table_name));
    end if;
    return old;
end $$;

do $$
declare
    t text;
begin
    foreach t in array array['twilio_account', 'livekit_project', 'agent', 'trunk', 'phone_number'] loop
        execute format('create trigger check_row before insert or update on trunkd.%1$I
                        for each row execute function trunkd.check_%1$s()', t);
    end loop;
    foreach t in array array['twilio_account', 'livekit_project', 'trunk'] loop
        execute format('create trigger refuse_needed before delete on trunkd.%I
                        for each row execute function trunkd.refuse_needed()', t);
    end loop;
end $$;
