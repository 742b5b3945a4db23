-- name: no_daemon
-- purpose: says that no daemon works on this database, and since when; no row where one does
-- returns: words text, remedy text
select h.words, h.remedy from trunkd.health h where h.what = 'daemon' and h.level <> 'ok';
