-- The schema itself, who may use it, which installation this is, and which daemons may work on it.

create schema trunkd;
comment on schema trunkd is 'Phone numbers people want, and what trunkd made of them at Twilio and LiveKit';

-- Roles belong to the whole cluster: another database may have made them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['trunkd_admin', 'trunkd_app', 'trunkd_reader', 'trunkd_daemon'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null;   -- made by another database, maybe at this very moment
        end;
    end loop;
end $$;

-- Which migrations have been applied. The checksum is the SHA-256 of the file.
create table trunkd.schema_version (
    number int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- Which daemons may work on this schema: those whose level is in the range. A migration that leaves old daemons behind raises it.
create table trunkd.schema (
    id int primary key default 1 check (id = 1),
    daemon_min int not null,
    daemon_max int not null
);
insert into trunkd.schema (daemon_min, daemon_max) values (1, 1);

-- Who we are. The tag stands in the name of every external object. The other columns tell whether the database that a daemon
-- finds is the one that was installed, or a copy of it that must not touch the same objects.
create table trunkd.installation (
    id int primary key default 1 check (id = 1),
    tag text not null,
    system_identifier bigint not null,
    database_name text not null,
    timeline int not null,
    created_at timestamptz not null default clock_timestamp()
);

-- The timeline that is being written, as the name of the current WAL file says it.
create function trunkd.current_timeline() returns int
language sql volatile
as $$ select ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int $$;

-- The first 5 bytes of a random uuid are random bits: 8 characters of base32.
insert into trunkd.installation (tag, system_identifier, database_name, timeline)
select string_agg(substr('abcdefghijklmnopqrstuvwxyz234567', 1 + substring(bits from 1 + 5 * n for 5)::int, 1), '' order by n),
       (select system_identifier from pg_control_system()), current_database(), trunkd.current_timeline()
from (select ('x' || left(gen_random_uuid()::text, 8))::bit(32) || ('x' || left(gen_random_uuid()::text, 2))::bit(8) as bits) random,
     generate_series(0, 7) n;

-- Public halves of the daemons' key rings: what `trunkctl seal` seals with.
create table trunkd.seal_key (
    key_id text primary key,
    public_key text not null,
    created_at timestamptz not null default clock_timestamp()
);

-- A row that comes back must not carry a generation that was seen before, so generations are not counted per row.
create sequence trunkd.generation_seq;
-- An acknowledgement that is repeated must not hit a newer change: versions are never used twice.
create sequence trunkd.dirty_ver_seq;
