-- name: sweep
-- purpose: have a stray removed; what is none any more is passed over
-- param: 1 text a Twilio account or a LiveKit project
-- param: 2 text its kind
-- param: 3 text its id there
-- param: 4 text the reason
-- returns: request int8
select trunkd.sweep(s.account, s.kind, s.external_id, $4) as request
from trunkd.stray s where (s.account, s.kind, s.external_id) = ($1, $2, $3);
