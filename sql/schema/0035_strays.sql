-- Each complete scan of an account writes when it began, and the strays that it found. What an earlier one had found, and this one had not,
-- is not there any more. (The time is told as so long ago, which may differ by some milliseconds from unit to unit.)
create function trunkd.forget_strays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from trunkd.stray s where s.account = new.name and s.seen_at < new.last_scan_at - interval '100 milliseconds';
    return null;
end $$;
create trigger forget_strays after insert or update on trunkd.account_status for each row execute function trunkd.forget_strays();

-- A stray that is found again has been seen again.
create function trunkd.see_again() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    new.seen_at := clock_timestamp();
    return new;
end $$;
create trigger see_again before update on trunkd.stray for each row execute function trunkd.see_again();
revoke execute on function trunkd.forget_strays(), trunkd.see_again() from public;
