-- name: doctor
-- purpose: whether all is well, thing by thing, and what the database's clock says, in seconds
-- returns: what text, level text, words text, remedy text, clock int8
select h.what, h.level, h.words, h.remedy, extract(epoch from clock_timestamp())::int8 as clock from trunkd.health h order by h.place, h.what;
