-- Which transaction has left a mark in the inbox, so that a read can leave out what the one before it has shown. Versions do not say so:
-- who took an earlier one may commit later.
alter table trunkd.dirty add column marked_by xid8 not null default pg_current_xact_id();

create function trunkd.mark_again() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    new.marked_by := pg_current_xact_id();
    return new;
end $$;
revoke execute on function trunkd.mark_again() from public;
create trigger mark_again before update on trunkd.dirty for each row execute function trunkd.mark_again();

create or replace view trunkd.read_dirty as
select object_type, key, ver, marked_by from trunkd.dirty;

-- Its plan is made once for a session, mostly while the inbox is empty: it must be the one that is right when the inbox is full.
alter function trunkd.acknowledge(jsonb) set enable_seqscan = off;
alter function trunkd.acknowledge(jsonb) set enable_hashjoin = off;
alter function trunkd.acknowledge(jsonb) set enable_mergejoin = off;
