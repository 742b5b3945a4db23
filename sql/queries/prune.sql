-- name: prune
-- purpose: forget tombstones and events that nobody needs any more, fenced by the lease
-- param: 1 int8 epoch
-- param: 2 int4 days a tombstone is kept
-- param: 3 int4 days an event is kept
-- returns: pruned int8
select trunkd.prune($1, $2, $3) as pruned;
