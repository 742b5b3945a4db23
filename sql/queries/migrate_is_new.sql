-- name: migrate_is_new
-- purpose: whether the database has no schema of ours yet
-- returns: is_new bool
select to_regclass('trunkd.schema_version') is null as is_new;
