-- name: lease_renew
-- purpose: keep the lease
-- param: 1 text holder
-- param: 2 int8 epoch
-- param: 3 int8 how long it lasts unrenewed, in milliseconds
-- returns: epoch int8, holder text, expires_in_ms int8
select l.epoch, l.holder, l.expires_in_ms from trunkd.lease_renew($1, $2, $3) l;
