-- name: rotate
-- purpose: make another password for a trunk, or for the trunk that a number is on
-- param: 1 text a phone number or a trunk
-- param: 2 text the reason
-- returns: request int8
select trunkd.rotate($1, $2) as request;
