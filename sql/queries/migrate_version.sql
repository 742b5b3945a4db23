-- name: migrate_version
-- purpose: the newest migration that has been applied; only where migrate_is_new says no
-- returns: number int4
select coalesce(max(v.number), 0) as number from trunkd.schema_version v;
