-- name: force_delete
-- purpose: give up what cannot be removed
-- param: 1 text a phone number or a trunk
-- param: 2 text the reason
-- returns: request int8
select trunkd.force_delete($1, $2) as request;
