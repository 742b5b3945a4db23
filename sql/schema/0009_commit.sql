-- The daemon's only way to write: units, fenced by the lease. And the lease.
--
-- A unit is one owner's step: results, the openings that follow from them, status, events, acknowledgements. All of it is applied
-- or none of it, and one unit's fate is not another's:
--   {"unit": 7,
--    "wanted": [{"type": "number", "key": "+1...", "generation": 12}],       null: there is no such row
--    "items": [{"put": "resource", "rev": 3, "row": {...}},                  rev 0: a new row; else compare and set
--              {"end": "resource", "rev": 4, "row": {key columns}, "tombstone": true},
--              {"put": "number_status", "row": {...}}, {"end": "number_status", "row": {...}},     and the others of put_key()
--              {"event": {...}},
--              {"ack": {"object_type": "number", "key": "+1...", "ver": 99}},
--              {"done": {"request": 5}}]}
-- Outcomes: done; changed (a desired row or a ledger row is not what the unit rests on; nothing of it is written); failed (the
-- database refused it, message says why; nothing of it is written); fenced (the lease is another's; nothing at all is written).

create function trunkd.generation_of(object_type text, key text) returns bigint
language sql volatile
as $$
    select case object_type
        when 'number' then (select generation from trunkd.phone_number where phone_number = key)
        when 'trunk' then (select generation from trunkd.trunk where id::text = key)
        when 'agent' then (select generation from trunkd.agent where name = key)
        when 'account' then coalesce((select generation from trunkd.twilio_account where name = key),
                                     (select generation from trunkd.livekit_project where name = key))
    end
$$;

-- Gives the new revisions, item by item (null where there is none); raises TD001 when the unit rests on something that has changed.
create function trunkd.apply_unit(unit jsonb, at_epoch bigint) returns bigint[]
language plpgsql
as $$
declare
    w jsonb;
    item jsonb;
    tab text;
    revs bigint[] := '{}';
    rev bigint;
begin
    for w in select value from jsonb_array_elements(unit -> 'wanted') loop
        if trunkd.generation_of(w ->> 'type', w ->> 'key') is distinct from (w ->> 'generation')::bigint then
            perform trunkd.changed(format('%s %s is not at generation %s', w ->> 'type', w ->> 'key', coalesce(w ->> 'generation', 'none')));
        end if;
    end loop;
    for item in select value from jsonb_array_elements(unit -> 'items') loop
        rev := null;
        if item ? 'put' then
            tab := item ->> 'put';
            if tab = 'resource' then
                rev := trunkd.put_resource(trunkd.times(item -> 'row'), (item ->> 'rev')::bigint, at_epoch);
            elsif tab = 'number_status' then
                perform trunkd.put_number_status(trunkd.times(item -> 'row'));
            else
                perform trunkd.put_row(tab, trunkd.times(item -> 'row'));
            end if;
        elsif item ? 'end' then
            tab := item ->> 'end';
            if tab = 'resource' then
                perform trunkd.end_resource(item -> 'row', (item ->> 'rev')::bigint, coalesce((item ->> 'tombstone')::boolean, true));
            else
                perform trunkd.end_row(tab, item -> 'row');
            end if;
        elsif item ? 'event' then
            perform trunkd.put_event(item -> 'event');
        elsif not (item ? 'ack' or item ? 'done') then
            raise exception 'a unit has an item that nobody knows: %', item;
        end if;
        revs := revs || rev;
    end loop;
    return revs;
end $$;

-- Acknowledges what was read and nothing newer, and never waits for a user who is changing the same row again.
create function trunkd.acknowledge(items jsonb) returns void
language plpgsql
as $$
begin
    delete from trunkd.dirty d
    using (select x.object_type, x.key
           from jsonb_to_recordset(items) as i (ack jsonb)
           join trunkd.dirty x on x.object_type = i.ack ->> 'object_type' and x.key = i.ack ->> 'key' and x.ver = (i.ack ->> 'ver')::bigint
           where i.ack is not null
           order by x.object_type, x.key
           for update of x skip locked) seen
    where d.object_type = seen.object_type and d.key = seen.key;

    delete from trunkd.request r
    using (select x.id from jsonb_to_recordset(items) as i (done jsonb)
           join trunkd.request x on x.id = (i.done ->> 'request')::bigint
           order by x.id for update of x skip locked) seen
    where r.id = seen.id;
end $$;

-- Holds the lease row until the end of the transaction: a take-over waits for us, and we write nothing after one. A statement of
-- its own, so that those after it see what was committed while it waited.
create function trunkd.hold_lease(at_epoch bigint) returns boolean
language plpgsql
as $$
begin
    perform 1 from trunkd.lease where id = 1 and epoch = at_epoch and expires_at > clock_timestamp() for key share;
    return found;
end $$;

-- Unit by unit, each in a subtransaction of its own.
create function trunkd.apply_one_by_one(at_epoch bigint, units jsonb)
returns table (unit bigint, outcome text, revs jsonb, message text)
language plpgsql
as $$
declare
    u jsonb;
begin
    for u in select value from jsonb_array_elements(units) loop
        unit := (u ->> 'unit')::bigint;
        message := null;
        revs := null;
        begin
            revs := to_jsonb(trunkd.apply_unit(u, at_epoch));
            outcome := 'done';
        exception
            when sqlstate 'TD001' then
                outcome := 'changed';
                message := sqlerrm;
            when lock_not_available or deadlock_detected or serialization_failure then
                raise;      -- says nothing about this unit: the whole statement is to be repeated
            when others then
                outcome := 'failed';
                message := sqlerrm;
        end;
        return next;
    end loop;
end $$;

-- First everything at once, which costs no subtransaction per unit; where that does not go, unit by unit.
create function trunkd.commit(at_epoch bigint, units jsonb)
returns table (unit bigint, outcome text, revs jsonb, message text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set jit = off set lock_timeout = '2s'
as $$
declare
    u jsonb;
    results jsonb := '[]';
    whole boolean := false;
begin
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);      -- an intent is durable before anybody acts on it
    end if;
    if not trunkd.hold_lease(at_epoch) then
        return query select (value ->> 'unit')::bigint, 'fenced', null::jsonb, null::text from jsonb_array_elements(units);
        return;
    end if;
    begin
        for u in select value from jsonb_array_elements(units) loop
            results := results || jsonb_build_object('unit', u -> 'unit', 'outcome', 'done', 'revs', trunkd.apply_unit(u, at_epoch));
        end loop;
        whole := true;
    exception
        when lock_not_available or deadlock_detected or serialization_failure then
            raise;
        when others then
            whole := false;
    end;
    if not whole then
        results := (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from trunkd.apply_one_by_one(at_epoch, units) o);
    end if;
    perform trunkd.acknowledge((
        select coalesce(jsonb_agg(item.value), '[]')
        from jsonb_array_elements(units) with ordinality g (value, n)
        cross join lateral jsonb_array_elements(g.value -> 'items') item
        where results -> (g.n - 1)::int ->> 'outcome' = 'done' and (item.value ? 'ack' or item.value ? 'done')));
    return query select r.unit, r.outcome, r.revs, r.message
                 from jsonb_to_recordset(results) as r (unit bigint, outcome text, revs jsonb, message text);
end $$;

-- The lease. Each answers one row: the epoch if it is ours now, else 0; who holds it; for how much longer.
create function trunkd.lease_take(by_holder text, lease_ms bigint)
returns table (epoch bigint, holder text, expires_in_ms bigint)
language sql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
    with taken as (
        update trunkd.lease l set holder = by_holder, epoch = l.epoch + 1, expires_at = clock_timestamp() + lease_ms * interval '1 ms'
        where l.id = 1 and l.expires_at <= clock_timestamp()
        returning l.epoch, l.holder)
    select t.epoch, t.holder, lease_ms from taken t
    union all
    select 0, l.holder, round(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::bigint
    from trunkd.lease l where l.id = 1 and not exists (select from taken)
$$;

create function trunkd.lease_renew(by_holder text, at_epoch bigint, lease_ms bigint)
returns table (epoch bigint, holder text, expires_in_ms bigint)
language sql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
    with renewed as (
        update trunkd.lease l set expires_at = clock_timestamp() + lease_ms * interval '1 ms'
        where l.id = 1 and l.holder = by_holder and l.epoch = at_epoch and l.epoch > 0
        returning l.epoch, l.holder)
    select r.epoch, r.holder, lease_ms from renewed r
    union all
    select 0, l.holder, round(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::bigint
    from trunkd.lease l where l.id = 1 and not exists (select from renewed)
$$;

-- Whoever stands by is told at once.
create function trunkd.lease_release(by_holder text, at_epoch bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
begin
    update trunkd.lease l set expires_at = clock_timestamp() where l.id = 1 and l.holder = by_holder and l.epoch = at_epoch;
    if found then
        perform pg_notify('trunkd', '');
    end if;
    return found;
end $$;

-- What nobody needs any more. Fenced like every write.
create function trunkd.prune(at_epoch bigint, tombstones_days int, events_days int) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
    pruned bigint;
    more bigint;
begin
    if not trunkd.hold_lease(at_epoch) then
        return 0;
    end if;
    delete from trunkd.tombstone where at < now() - tombstones_days * interval '1 day';
    get diagnostics pruned = row_count;
    delete from trunkd.event where at < now() - events_days * interval '1 day';
    get diagnostics more = row_count;
    return pruned + more;
end $$;
