-- What people want. Applications write these five tables and nothing else; nobody but applications does.
--
-- There are no CHECK constraints here: their error prints the whole row, which in an account may hold a secret that was pasted
-- into the wrong column. The triggers of 0007 say what is wrong instead, and uniqueness and references stay PostgreSQL's own.

create table trunkd.livekit_project (
    name text primary key,
    url text not null,
    api_key text not null,
    secret text not null,
    sip_host text not null,
    max_in_flight int not null default 5,
    labels jsonb not null default '{}',
    generation bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint one_row_per_url unique (url),
    constraint one_row_per_sip_host unique (sip_host)
);
comment on column trunkd.livekit_project.secret is 'Reference to the API secret: file:account/NAME, env:TRUNKD_ACCOUNT_NAME or sealed:...';

create table trunkd.twilio_account (
    name text primary key,
    account_sid text not null,
    api_key_sid text,
    secret text not null,
    region text not null default 'us1',
    edge text,
    base_url text,
    livekit_project text references trunkd.livekit_project (name) on delete restrict,
    numbers_per_trunk int not null default 500,
    max_in_flight int not null default 4,
    termination_address text,
    labels jsonb not null default '{}',
    generation bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint one_row_per_account_and_region unique (account_sid, region)
);
comment on column trunkd.twilio_account.secret is
    'Reference to the secret of the API key, or without one to the auth token: file:account/NAME, env:TRUNKD_ACCOUNT_NAME or sealed:...';
comment on column trunkd.twilio_account.livekit_project is 'Project of numbers that name none';

create table trunkd.agent (
    name text primary key,
    dispatch_name text not null,
    metadata text not null default '',
    room_prefix text not null default 'call',
    labels jsonb not null default '{}',
    generation bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on column trunkd.agent.dispatch_name is 'The agent''s name at LiveKit';

create table trunkd.trunk (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    twilio_account text not null references trunkd.twilio_account (name) on delete restrict,
    livekit_project text not null references trunkd.livekit_project (name) on delete restrict,
    twilio_trunk jsonb not null default '{}',
    numbers_max int,
    labels jsonb not null default '{}',
    generation bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint one_row_per_trunk_name unique (name)
);

create table trunkd.phone_number (
    phone_number text primary key,
    label text not null default '',
    supports_inbound boolean not null default true,
    supports_outbound boolean not null default false,
    provider text not null default 'twilio',
    twilio_account text references trunkd.twilio_account (name) on delete restrict,
    livekit_project text not null references trunkd.livekit_project (name) on delete restrict,
    trunk text references trunkd.trunk (name) on delete restrict,
    agent text references trunkd.agent (name) on delete set null,
    takeover boolean not null default false,
    inbound_trunk jsonb not null default '{}',
    outbound_trunk jsonb not null default '{}',
    twilio_trunk jsonb,
    labels jsonb not null default '{}',
    generation bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on column trunkd.phone_number.phone_number is 'E.164: "+", country code, number';
comment on column trunkd.phone_number.twilio_account is 'Where the number was bought; none with provider sip';
comment on column trunkd.phone_number.livekit_project is
    'If not given: the trunk''s, else the account''s default, else the only one; never derived again';
comment on column trunkd.phone_number.takeover is 'Take the number even if it is on somebody else''s trunk';
comment on column trunkd.phone_number.twilio_trunk is 'Twilio settings of this number alone; it then gets a trunk of its own';

-- The numbers of an agent, an account or a trunk are counted and cleared by these columns.
create index phone_number_agent on trunkd.phone_number (agent) where agent is not null;
create index phone_number_twilio_account on trunkd.phone_number (twilio_account) where twilio_account is not null;
create index phone_number_livekit_project on trunkd.phone_number (livekit_project);
create index phone_number_trunk on trunkd.phone_number (trunk) where trunk is not null;
