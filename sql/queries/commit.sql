-- name: commit
-- purpose: write units, fenced by the lease at this epoch; see sql/schema/0009_commit.sql for what a unit is
-- param: 1 int8 epoch
-- param: 2 jsonb units
-- returns: unit int8, outcome text, revs jsonb, message text
select c.unit, c.outcome, c.revs, c.message from trunkd.commit($1, $2) c;
