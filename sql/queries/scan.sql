-- name: scan
-- purpose: look at everything in an account now
-- param: 1 text a Twilio account or a LiveKit project
-- returns: request int8
select trunkd.scan($1) as request;
