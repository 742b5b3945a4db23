-- name: lease_release
-- purpose: give the lease back, so that another daemon need not wait
-- param: 1 text holder
-- param: 2 int8 epoch
-- returns: released bool
select trunkd.lease_release($1, $2) as released;
