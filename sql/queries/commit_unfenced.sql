-- name: commit_unfenced
-- purpose: what commit would be without its fence; only builds for tests send it, and the daemon's role has no right to
-- param: 1 jsonb units
-- returns: unit int8, outcome text, revs jsonb, message text
select c.unit, c.outcome, c.revs, c.message
from trunkd.lease l cross join lateral trunkd.commit(l.epoch, $1) c
where l.id = 1;
