-- name: release
-- purpose: let go what the brake of an account holds
-- param: 1 text a Twilio account or a LiveKit project
-- param: 2 text the reason
-- returns: request int8
select trunkd.release($1, $2) as request;
