-- How a change of a desired row becomes known: generations, the inbox, the hint.

-- A generation is a real change of something the daemon looks at. Labels are for people; an UPDATE that changes nothing counts for
-- nothing. What an application writes into the kept columns is not taken.
create function trunkd.keep_generation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    labels_wanted jsonb := new.labels;
begin
    if tg_op = 'INSERT' then
        new.generation := nextval('trunkd.generation_seq');
        new.created_at := now();
        new.updated_at := now();
        return new;
    end if;
    new.labels := old.labels;
    new.generation := old.generation;
    new.created_at := old.created_at;
    new.updated_at := old.updated_at;
    if new is distinct from old then
        new.generation := nextval('trunkd.generation_seq');
        new.updated_at := now();
    elsif labels_wanted is distinct from old.labels then
        new.updated_at := now();
    end if;
    new.labels := labels_wanted;
    return new;
end $$;

-- Marks the rows of one statement, sorted so that two users' transactions lock them in one order. Arguments: object type, key column.
-- The key is that of the row that changed, never a shared parent's: marks must not chain users' transactions to each other.
create function trunkd.mark_dirty() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    changed text;
    marked bigint;
begin
    changed := format(case tg_op
        when 'INSERT' then 'select n.%1$I::text as key from new_rows n'
        when 'DELETE' then 'select o.%1$I::text as key from old_rows o'
        else 'select n.%1$I::text as key from new_rows n join old_rows o on o.%1$I = n.%1$I where n.generation <> o.generation'
    end, tg_argv[1]);
    execute format(
        'insert into trunkd.dirty as d (object_type, key, ver)
         select %L, s.key, nextval(''trunkd.dirty_ver_seq'') from (select distinct c.key from (%s) c order by 1) s
         on conflict (object_type, key) do update set ver = excluded.ver', tg_argv[0], changed);
    get diagnostics marked = row_count;
    if marked > 0 then
        perform pg_notify('trunkd', '');
    end if;
    return null;
end $$;

-- TRUNCATE would take the rows without anybody noticing.
create function trunkd.refuse_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = '0A000', schema = tg_table_schema, table = tg_table_name,
        message = format('%s cannot be truncated: trunkd would not notice that its rows are gone', tg_table_name),
        hint = format('Write DELETE FROM trunkd.%s; it removes what was made for the rows as well.', tg_table_name);
end $$;

do $$
declare
    t record;
begin
    for t in
        select * from (values ('livekit_project', 'account', 'name'), ('twilio_account', 'account', 'name'), ('agent', 'agent', 'name'),
                              ('trunk', 'trunk', 'id'), ('phone_number', 'number', 'phone_number')) as v (name, object_type, key)
    loop
        execute format('create trigger keep_generation before insert or update on trunkd.%I
                        for each row execute function trunkd.keep_generation()', t.name);
        execute format('create trigger mark_inserted after insert on trunkd.%I referencing new table as new_rows
                        for each statement execute function trunkd.mark_dirty(%L, %L)', t.name, t.object_type, t.key);
        execute format('create trigger mark_updated after update on trunkd.%I referencing old table as old_rows new table as new_rows
                        for each statement execute function trunkd.mark_dirty(%L, %L)', t.name, t.object_type, t.key);
        execute format('create trigger mark_deleted after delete on trunkd.%I referencing old table as old_rows
                        for each statement execute function trunkd.mark_dirty(%L, %L)', t.name, t.object_type, t.key);
        execute format('create trigger refuse_truncate before truncate on trunkd.%I
                        for each statement execute function trunkd.refuse_truncate()', t.name);
    end loop;
end $$;
