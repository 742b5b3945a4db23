-- name: migrate_lock
-- purpose: one migration at a time, and none that waits for a user for long; inside the transaction of one migration
-- returns: locked bool, lock_timeout text
select pg_advisory_xact_lock(8246913501) is not null as locked, set_config('lock_timeout', '2s', true) as lock_timeout;
