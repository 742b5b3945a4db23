-- Words: kinds of external objects, reasons, and the settings that documents may hold. Tables and not enums, so that a later
-- migration can add a word and use it. The first two repeat include/trunkd/kinds.def and reasons.def; a test compares them.

create table trunkd.kind (
    name text primary key,
    owner_type text not null check (owner_type in ('number', 'trunk')),
    provider text not null check (provider in ('twilio', 'livekit')),
    set_up_order int not null
);

insert into trunkd.kind (set_up_order, name, owner_type, provider) values
    (1, 'twilio.trunk', 'trunk', 'twilio'),
    (2, 'twilio.origination_url', 'trunk', 'twilio'),
    (3, 'twilio.credential_list', 'trunk', 'twilio'),
    (4, 'twilio.credential', 'trunk', 'twilio'),
    (5, 'twilio.trunk_credential_list', 'trunk', 'twilio'),
    (6, 'livekit.inbound_trunk', 'number', 'livekit'),
    (7, 'livekit.outbound_trunk', 'number', 'livekit'),
    (8, 'livekit.dispatch_rule', 'number', 'livekit'),
    (9, 'twilio.trunk_phone_number', 'number', 'twilio');

create table trunkd.reason (
    name text primary key,
    status text not null,
    settled boolean not null,
    remedy text not null
);
comment on column trunkd.reason.settled is 'nothing is left to do without somebody''s change';

insert into trunkd.reason (name, status, settled, remedy) values
    ('SettingUp', 'pending', false, 'Nothing to do: trunkd is making what it needs.'),
    ('NoAgent', 'pending', true, 'Name an agent on the number; everything but the call routing stands already.'),
    ('AccountFull', 'pending', true, 'Remove unused trunks or credential lists at the provider, or ask it for a higher limit.'),
    ('AccountUnavailable', 'any', false, 'Mend the account that the message names; this continues by itself.'),
    ('AccountBraked', 'any', true, 'Mend the account''s configuration, or call trunkd.release() if the change was meant.'),
    ('HeldByForeign', 'any', true, 'Release the number at the trunk that holds it, or set takeover on its row.'),
    ('UpToDate', 'active', true, 'Nothing to do.'),
    ('Updating', 'active', false, 'Nothing to do: a change is being carried out, calls flow.'),
    ('UpdateRefused', 'active', true, 'The old settings are in force: change the setting that the provider''s words name.'),
    ('Drifted', 'active', false, 'Nothing to do: somebody changed it at the provider, trunkd puts it back.'),
    ('Leftovers', 'active', true, 'It works; mend what keeps the old objects from being removed, or call trunkd.force_delete().'),
    ('RollingBack', 'failed', false, 'Nothing to do: what was made before the refusal is being removed.'),
    ('Refused', 'failed', true, 'Change what the provider''s words name, or call trunkd.retry() after mending it there.'),
    ('NotInAccount', 'failed', true, 'The number is not in this Twilio account and region: buy it there, or name the account that has it.'),
    ('Deleting', 'deleting', false, 'Nothing to do: its objects are being removed.'),
    ('CleanupRefused', 'corrupted', true, 'Mend what the provider''s words name; removal ends by itself, or call trunkd.force_delete().'),
    ('CleanupFailing', 'corrupted', true, 'Removal is tried again by itself; if it cannot work any more, call trunkd.force_delete().'),
    ('CredentialsRefused', 'account', false, 'Put the right key and secret into the account''s row; it is probed again by itself.'),
    ('AccountInactive', 'account', false, 'The provider has suspended or closed the account: settle it there; it is probed again by itself.'),
    ('Unreachable', 'account', false, 'The provider cannot be reached: look at its status and at the network; it is probed again by itself.'),
    ('SecretMissing', 'account', false, 'Put the secret where the account''s reference points, readable for the daemon.'),
    ('BaseUrlNotAllowed', 'account', true, 'List the origin in the daemon''s configuration file, or take it out of the row.'),
    ('WrongServer', 'account', false, 'The host answers like something else than the provider''s API: mend the URL in the row.'),
    ('NothingVisible', 'account', true, 'Mend region, edge or URL so that the objects are visible again, or call trunkd.release().'),
    ('MassDisappearance', 'account', true, 'Find out who removed the objects; call trunkd.release() to have them made again.'),
    ('MassRemoval', 'account', true, 'Many numbers lost their row, agent or direction at once: put them back, or call trunkd.release().'),
    ('Created', 'event', true, 'Nothing to do.'),
    ('Updated', 'event', true, 'Nothing to do.'),
    ('Removed', 'event', true, 'Nothing to do.'),
    ('Adopted', 'event', true, 'Nothing to do: an object that trunkd had made was found again.'),
    ('LedgerLost', 'event', true, 'Nothing to do: the database had forgotten an object, and it was adopted.'),
    ('DuplicateRemoved', 'event', true, 'Nothing to do: a second object of ours was removed.'),
    ('StatusChanged', 'event', true, 'See the number''s status.'),
    ('RoutingRestored', 'event', true, 'Nothing to do: the number has its previous routing again.'),
    ('RoutingNotRestored', 'event', true, 'The previous routing no longer exists: point the number by hand, the event has the old values.'),
    ('ForceDeleted', 'event', true, 'The leftovers are in trunkd.orphan: remove them at the provider by hand.'),
    ('Retried', 'event', true, 'Nothing to do.'),
    ('Released', 'event', true, 'Nothing to do.'),
    ('TookOver', 'event', true, 'Nothing to do: another daemon holds the lease now.');

-- What the documents inbound_trunk, outbound_trunk (of a number) and twilio_trunk (of a trunk or a number) may hold.
-- least and most bound an int, the length of a text or the number of items of a list.
create table trunkd.field (
    document text not null check (document in ('inbound_trunk', 'outbound_trunk', 'twilio_trunk')),
    key text not null,
    type text not null check (type in ('text', 'bool', 'int', 'list', 'map', 'secret')),
    least int,
    most int,
    one_of text[],
    primary key (document, key)
);
