-- name: lease_take
-- purpose: take the lease if it has run out
-- param: 1 text holder, unlike any other process's
-- param: 2 int8 how long it lasts unrenewed, in milliseconds
-- returns: epoch int8, holder text, expires_in_ms int8
select l.epoch, l.holder, l.expires_in_ms from trunkd.lease_take($1, $2) l;
