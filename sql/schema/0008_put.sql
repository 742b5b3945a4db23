-- How one item of a unit is written. Rows come as JSON objects whose keys are column names; columns that are not named keep their
-- value, or get their default in a new row. These functions run inside trunkd.commit() and nowhere else.

-- Times are exchanged as distances by this server's clock, so that no two clocks are ever compared: X_in_ms becomes X_at.
create function trunkd.times("row" jsonb) returns jsonb
language sql volatile
as $$
    select coalesce(
        ("row" - array_agg(key))
        || jsonb_object_agg(left(key, -5) || 'at',
                            case when value = 'null' then value else to_jsonb(clock_timestamp() + value::float8 * interval '1 ms') end),
        "row")
    from jsonb_each("row") where right(key, 6) = '_in_ms'
$$;

-- The other way, for the views that the daemon reads. Negative: past. A stable clock, so that it is computed in line.
create function trunkd.in_ms(at timestamptz) returns bigint
language sql stable
as $$ select round(extract(epoch from at - statement_timestamp()) * 1000)::bigint $$;

-- Nothing was written because a row is not what the unit rests on.
create function trunkd.changed(what text) returns void
language plpgsql
as $$ begin raise exception using errcode = 'TD001', message = what; end $$;

-- Since when a status is what it is: kept here, because only here the old one is known for certain.
create function trunkd.keep_since() returns trigger
language plpgsql
as $$
begin
    if to_jsonb(new) -> tg_argv[0] is distinct from to_jsonb(old) -> tg_argv[0]
       or to_jsonb(new) -> tg_argv[1] is distinct from to_jsonb(old) -> tg_argv[1] then
        new.since := clock_timestamp();
    else
        new.since := old.since;
    end if;
    return new;
end $$;
create trigger keep_since before update on trunkd.number_status
    for each row execute function trunkd.keep_since('status', 'reason');
create trigger keep_since before update on trunkd.trunk_status
    for each row execute function trunkd.keep_since('status', 'reason');
create trigger keep_since before update on trunkd.account_status
    for each row execute function trunkd.keep_since('condition', 'braked');

create function trunkd.bury(r trunkd.resource) returns void
language sql
as $$
    insert into trunkd.tombstone (nonce, owner_type, owner, kind, slot, account, external_id)
    values (r.nonce, r.owner_type, r.owner, r.kind, r.slot, r.account, r.external_id)
    on conflict (nonce) do update set external_id = coalesce(excluded.external_id, tombstone.external_id), at = clock_timestamp()
$$;

-- The ledger row as it is at revision `rev`; changed() when it is at another, or not there.
create function trunkd.resource_at("row" jsonb, expected bigint) returns trunkd.resource
language plpgsql
as $$
declare
    r trunkd.resource;
begin
    select * into r from trunkd.resource
    where owner_type = "row" ->> 'owner_type' and owner = "row" ->> 'owner' and kind = "row" ->> 'kind'
      and slot = coalesce("row" ->> 'slot', '') and account = "row" ->> 'account' and rev = expected;
    if not found then
        perform trunkd.changed(format('ledger row %s %s %s is not at revision %s', "row" ->> 'owner', "row" ->> 'kind', "row" ->> 'slot', expected));
    end if;
    return r;
end $$;

-- Compare and set on the revision; 0 means: there is no such row yet. Gives the new revision. A nonce that is replaced is buried.
create function trunkd.put_resource("row" jsonb, expected bigint, at_epoch bigint) returns bigint
language plpgsql
as $$
declare
    old trunkd.resource;
    r trunkd.resource;
begin
    if "row" - array['owner_type', 'owner', 'kind', 'slot', 'account', 'known', 'open', 'nonce', 'external_id', 'parent_id', 'applied',
                     'sent', 'secret', 'secret_version', 'note', 'lost', 'send_by_at', 'doubt_at', 'attempts', 'failing_at', 'next_at',
                     'written_at', 'refusal', 'message'] <> '{}' then
        raise exception 'a ledger row has no such column: %', "row";
    end if;
    if expected = 0 then
        r.slot := ''; r.known := 'none'; r.open := ''; r.lost := false; r.attempts := 0;
    else
        old := trunkd.resource_at("row", expected);
        r := old;
    end if;
    r := jsonb_populate_record(r, "row");
    r.rev := expected + 1;
    r.epoch := at_epoch;
    r.updated_at := clock_timestamp();
    if expected = 0 then
        insert into trunkd.resource select (r).* on conflict do nothing;
    else
        update trunkd.resource t set
            rev = r.rev, known = r.known, open = r.open, nonce = r.nonce, external_id = r.external_id, parent_id = r.parent_id,
            applied = r.applied, sent = r.sent, secret = r.secret, secret_version = r.secret_version, note = r.note, lost = r.lost,
            epoch = r.epoch, send_by_at = r.send_by_at, doubt_at = r.doubt_at, attempts = r.attempts, failing_at = r.failing_at,
            next_at = r.next_at, written_at = r.written_at, refusal = r.refusal, message = r.message, updated_at = r.updated_at
        where t.owner_type = r.owner_type and t.owner = r.owner and t.kind = r.kind and t.slot = r.slot and t.account = r.account
          and t.rev = expected;
    end if;
    if not found then
        perform trunkd.changed(format('ledger row %s %s %s is not at revision %s', r.owner, r.kind, r.slot, expected));
    end if;
    if old.nonce is distinct from r.nonce and old.nonce is not null then
        perform trunkd.bury(old);
    end if;
    return r.rev;
end $$;

create function trunkd.end_resource("row" jsonb, expected bigint, bury boolean) returns void
language plpgsql
as $$
declare
    old trunkd.resource := trunkd.resource_at("row", expected);
begin
    delete from trunkd.resource t
    where t.owner_type = old.owner_type and t.owner = old.owner and t.kind = old.kind and t.slot = old.slot and t.account = old.account
      and t.rev = expected;
    if not found then
        perform trunkd.changed(format('ledger row %s %s %s is not at revision %s', old.owner, old.kind, old.slot, expected));
    end if;
    if bury and old.nonce is not null then
        perform trunkd.bury(old);
    end if;
end $$;

-- The table that is written most after the ledger gets a prepared statement of its own; put_row() would do the same.
create function trunkd.put_number_status("row" jsonb) returns void
language plpgsql
as $$
declare
    r trunkd.number_status;
begin
    if "row" - array['phone_number', 'status', 'reason', 'message', 'trunk', 'observed_generation', 'settled', 'next_at', 'ever_active',
                     'failed_inputs', 'leftovers', 'refusals'] <> '{}' then
        raise exception 'a number''s status has no such column: %', "row";
    end if;
    select * into r from trunkd.number_status where phone_number = "row" ->> 'phone_number';
    if found then
        r := jsonb_populate_record(r, "row");
        update trunkd.number_status t set
            status = r.status, reason = r.reason, message = coalesce(r.message, ''), trunk = r.trunk,
            observed_generation = r.observed_generation, settled = r.settled, next_at = r.next_at, ever_active = r.ever_active,
            failed_inputs = r.failed_inputs, leftovers = coalesce(r.leftovers, '[]'), refusals = r.refusals
        where t.phone_number = r.phone_number;
    else
        r := jsonb_populate_record(r, "row");
        insert into trunkd.number_status (phone_number, status, reason, message, trunk, observed_generation, settled, next_at,
                                          ever_active, failed_inputs, leftovers, refusals)
        values (r.phone_number, r.status, r.reason, coalesce(r.message, ''), r.trunk, r.observed_generation, coalesce(r.settled, false),
                r.next_at, coalesce(r.ever_active, false), r.failed_inputs, coalesce(r.leftovers, '[]'), r.refusals);
    end if;
end $$;

-- What a unit may put and end besides the ledger, and the columns by which a row is found. No columns: rows are only ever added.
create function trunkd.put_key(tab text) returns text[]
language sql immutable
as $$
    select case tab
        when 'number_status' then array['phone_number']
        when 'trunk_status' then array['trunk']
        when 'account_copy' then array['name']
        when 'account_status' then array['name']
        when 'provider_number' then array['phone_number', 'account']
        when 'tombstone' then array['nonce']
        when 'stray' then array['account', 'kind', 'external_id']
        when 'orphan' then array['id']
        when 'seal_key' then array['key_id']
        when 'installation' then array['id']
    end
$$;

create function trunkd.put_where(tab text) returns text
language plpgsql immutable
as $$
declare
    found_by text := (select string_agg(format('t.%1$I = n.%1$I', k), ' and ') from unnest(trunkd.put_key(tab)) k);
begin
    if found_by is null then
        raise exception 'a unit cannot write the table %', tab;
    end if;
    return found_by;
end $$;

-- A column that does not exist is PostgreSQL's own error, and the unit's failure.
create function trunkd.put_row(tab text, "row" jsonb) returns void
language plpgsql
as $$
declare
    found_by text := trunkd.put_where(tab);
    columns text := (select string_agg(format('%I', k), ', ') from jsonb_object_keys("row") k);
    written bigint;
begin
    execute format('update trunkd.%1$I t set (%2$s) = row(%3$s) from jsonb_populate_record(null::trunkd.%1$I, $1) n where %4$s',
                   tab, columns, (select string_agg(format('n.%I', k), ', ') from jsonb_object_keys("row") k), found_by) using "row";
    get diagnostics written = row_count;
    if written = 0 then
        execute format('insert into trunkd.%1$I (%2$s) select %2$s from jsonb_populate_record(null::trunkd.%1$I, $1)',
                       tab, columns) using "row";
    end if;
end $$;

create function trunkd.end_row(tab text, "row" jsonb) returns void
language plpgsql
as $$
begin
    execute format('delete from trunkd.%1$I t using jsonb_populate_record(null::trunkd.%1$I, $1) n where %2$s',
                   tab, trunkd.put_where(tab)) using "row";
end $$;

create function trunkd.put_event("row" jsonb) returns void
language sql
as $$
    insert into trunkd.event (object_type, object, account, reason, message, detail)
    select e.object_type, e.object, e.account, e.reason, coalesce(e.message, ''), e.detail
    from jsonb_populate_record(null::trunkd.event, "row") e
$$;
