-- name: retry
-- purpose: try again now, also what was refused for good
-- param: 1 text a phone number or a trunk
-- returns: request int8
select trunkd.retry($1) as request;
