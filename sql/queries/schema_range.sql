-- name: schema_range
-- purpose: which daemons may work on this schema
-- returns: daemon_min int4, daemon_max int4
select s.daemon_min, s.daemon_max from trunkd.schema s;
