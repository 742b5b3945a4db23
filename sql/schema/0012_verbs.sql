-- Verbs: what people ask for besides rows. Each leaves a request, which the daemon takes between two operations, and gives its id:
-- the request is gone when it has been taken. A name is a number ("+...") or a trunk, by its name or its id.

create function trunkd.leave_request(verb text, name text, why text, object_type text, object text) returns bigint
language plpgsql
as $$
declare
    request_id bigint;
begin
    insert into trunkd.request (name, verb, why, object_type, object, requested_by)
    values (name, verb, coalesce(why, ''), object_type, object, session_user) returning id into request_id;
    insert into trunkd.dirty as d (object_type, key, ver) values (object_type, object, nextval('trunkd.dirty_ver_seq'))
    on conflict on constraint dirty_pkey do update set ver = excluded.ver;
    perform pg_notify('trunkd', '');
    return request_id;
end $$;

-- The number or trunk of that name, whether its row is there or only what is left of it.
create function trunkd.named_object(name text, out object_type text, out object text)
language plpgsql
as $$
begin
    if name like '+%' then
        object_type := 'number';
        if not trunkd.gone(name) then
            object := name;
        end if;
    else
        object_type := 'trunk';
        object := coalesce(
            (select t.id::text from trunkd.trunk t where named_object.name in (t.name, t.id::text)),
            (select s.trunk::text from trunkd.trunk_status s where named_object.name in (s.name, s.trunk::text) order by s.trunk limit 1));
    end if;
    if object is null then
        raise exception using errcode = '02000', message = format('there is no phone number or trunk "%s"', left(name, 63)),
            hint = 'A phone number is written with its "+"; see trunkd.number and trunkd.trunk_state.';
    end if;
end $$;

-- Try again now, also what was refused for good.
create function trunkd.retry(name text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    o record;
begin
    select n.object_type, n.object into o from trunkd.named_object(name) n;
    return trunkd.leave_request('retry', name, '', o.object_type, o.object);
end $$;

-- Give up what cannot be removed, and put it on record as orphans.
create function trunkd.force_delete(name text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    o record;
    stuck boolean;
begin
    select n.object_type, n.object into o from trunkd.named_object(name) n;
    if o.object_type = 'number' then
        stuck := exists (select from trunkd.number_status s where s.phone_number = o.object
                         and (s.status = 'corrupted' or (s.status = 'active' and s.reason = 'Leftovers')));
    else
        stuck := exists (select from trunkd.trunk_status s where s.trunk::text = o.object
                         and (s.status = 'corrupted' or s.reason = 'Leftovers'));
    end if;
    if not stuck then
        raise exception using errcode = '55000',
            message = case o.object_type when 'number' then 'force delete is only allowed for corrupted phone numbers'
                      else 'force delete is only allowed for corrupted phone numbers and corrupted trunks' end,
            hint = format('Nothing of %s is stuck. Delete its row; what was made for it is then removed.', name);
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'force delete needs a reason', column = 'why',
            hint = 'Say why, for whoever finds the orphans later: select trunkd.force_delete(''+14155551234'', ''account was closed'').';
    end if;
    return trunkd.leave_request('force_delete', name, why, o.object_type, o.object);
end $$;

-- The brake of an account is let go: what vanished is made again, what was held is removed.
create function trunkd.release(account text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from trunkd.account_status s where s.name = account and s.braked) then
        if not exists (select from trunkd.account_state s where s.name = account) then
            raise exception using errcode = '02000', message = format('there is no Twilio account or LiveKit project "%s"', left(account, 63)),
                hint = 'See trunkd.account_state.';
        end if;
        raise exception using errcode = '55000', message = format('"%s" is not braked: there is nothing to release', account),
            hint = 'See trunkd.account_state for what its condition is.';
    elsif coalesce(why, '') !~ '\S' then
        raise exception using errcode = '22023', message = 'release needs a reason', column = 'why',
            hint = 'Say why the change was meant: select trunkd.release(''main'', ''moved to another region'').';
    end if;
    return trunkd.leave_request('release', account, why, 'account', account);
end $$;
