-- What the daemon knows: the ledger, the statuses, and how it shares the work. Only trunkd.commit() and its siblings write here.
--
-- No row here refers to a desired row: what was made at a provider must be remembered when the wish for it has gone, and a user's
-- open transaction must not make the daemon wait. No index stands on a column that changes often: updates stay on their page (HOT).

-- One external object that trunkd made, is making or must remove.
create table trunkd.resource (
    owner_type text not null check (owner_type in ('number', 'trunk')),
    owner text not null,
    kind text not null,
    slot text not null default '',
    account text not null,
    rev bigint not null,
    known text not null default 'none' check (known in ('none', 'maybe', 'live')),
    open text not null default '' check (open in ('', 'create', 'update', 'delete')),
    nonce text,
    external_id text,
    parent_id text,
    applied jsonb,
    sent jsonb,
    secret text,
    secret_version text,
    note jsonb,
    lost boolean not null default false,
    epoch bigint not null,
    send_by_at timestamptz,
    doubt_at timestamptz,
    attempts int not null default 0,
    failing_at timestamptz,
    next_at timestamptz,
    written_at timestamptz,
    refusal text,
    message text,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (owner_type, owner, kind, slot, account)
) with (fillfactor = 50);

-- Every nonce that was ever sent stays findable: an object that turns up late is recognised as ours.
create table trunkd.tombstone (
    nonce text primary key,
    owner_type text not null,
    owner text not null,
    kind text not null,
    slot text not null,
    account text not null,
    external_id text,
    at timestamptz not null default clock_timestamp()
);

-- What was left at a provider by force_delete: ours, but nobody's duty any more.
create table trunkd.orphan (
    id bigserial primary key,
    owner_type text not null,
    owner text not null,
    kind text not null,
    slot text not null default '',
    account text not null,
    external_id text,
    tag text,
    nonce text,
    why text,
    at timestamptz not null default clock_timestamp()
);

-- Objects that carry our tag and belong to nothing we know. Reported, touched by nobody but people.
create table trunkd.stray (
    account text not null,
    kind text not null,
    external_id text not null,
    tag text,
    seen_at timestamptz not null default clock_timestamp(),
    primary key (account, kind, external_id)
);

create table trunkd.number_status (
    phone_number text primary key,
    status text not null,
    reason text not null,
    message text not null default '',
    trunk uuid,
    observed_generation bigint,
    settled boolean not null default false,
    since timestamptz not null default clock_timestamp(),
    next_at timestamptz,
    ever_active boolean not null default false,
    failed_inputs text,
    leftovers jsonb not null default '[]',
    refusals jsonb
) with (fillfactor = 50);

create table trunkd.trunk_status (
    trunk uuid primary key,
    name text,
    automatic boolean not null,
    twilio_account text not null,
    livekit_project text not null,
    ordinal int,
    dedicated_to text,
    status text not null,
    reason text not null,
    message text not null default '',
    settled boolean not null default false,
    observed_generation bigint,
    last_number text,
    refused_inputs text,
    attempts int not null default 0,
    next_at timestamptz,
    leftovers jsonb not null default '[]',
    since timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- The daemon's own copy of an account: operations read this one, and it outlives the desired row until the last object is gone.
-- identity is what makes it the same account: "ACCOUNT_SID/REGION" at Twilio, the URL at LiveKit.
create table trunkd.account_copy (
    name text primary key,
    provider text not null check (provider in ('twilio', 'livekit')),
    identity text not null,
    "row" jsonb not null,
    retiring boolean not null default false
);

create table trunkd.account_status (
    name text primary key,
    condition text not null default '',
    message text not null default '',
    since timestamptz not null default clock_timestamp(),
    next_at timestamptz,
    attempts int not null default 0,
    braked boolean not null default false,
    release_ver bigint not null default 0,
    last_scan_at timestamptz,
    detail jsonb
) with (fillfactor = 50);

-- A Twilio number as last read: its SID and where its calls go.
create table trunkd.provider_number (
    phone_number text not null,
    account text not null,
    sid text not null,
    trunk_sid text,
    routing jsonb,
    primary key (phone_number, account)
);

create table trunkd.event (
    id bigserial primary key,
    at timestamptz not null default clock_timestamp(),
    object_type text not null,
    object text not null,
    account text,
    reason text not null,
    message text not null default '',
    detail jsonb
);
create index event_object on trunkd.event (object_type, object, id);

-- Verbs leave their wish here; the daemon takes it between two operations.
create table trunkd.request (
    id bigserial primary key,
    name text not null,
    verb text not null,
    why text not null default '',
    object_type text not null,
    object text not null,
    requested_by text not null,
    requested_at timestamptz not null default clock_timestamp()
);

-- The inbox: what changed since the daemon last looked. It says that something changed, never what.
create table trunkd.dirty (
    object_type text not null,
    key text not null,
    ver bigint not null,
    primary key (object_type, key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- One daemon works. The epoch is part of a key so that a renewal, which leaves it alone, and trunkd.commit(), which holds the row
-- FOR KEY SHARE, never wait for each other, while a take-over, which changes it, waits for every commit under way.
create table trunkd.lease (
    id int primary key default 1 check (id = 1),
    holder text not null,
    epoch bigint not null,
    expires_at timestamptz not null,
    unique (id, epoch)
) with (fillfactor = 10);
insert into trunkd.lease (holder, epoch, expires_at) values ('', 0, 'epoch');
