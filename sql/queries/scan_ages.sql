-- name: scan_ages
-- purpose: how long ago each account was read completely; null for never
-- returns: name text, age int8
select v.name, extract(epoch from clock_timestamp() - v.last_scan_at)::int8 as age from trunkd.account_state v order by v.name;
