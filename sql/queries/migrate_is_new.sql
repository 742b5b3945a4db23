-- name: migrate_is_new
-- purpose: whether the database has no schema of ours yet. Reads the catalog itself: to_regclass() answers from the session's cache, which
-- purpose: does not know yet what another migration has committed while this one waited for migrate_lock
-- returns: is_new bool
select not exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'trunkd' and c.relname = 'schema_version') as is_new;
