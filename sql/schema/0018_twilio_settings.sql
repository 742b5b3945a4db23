-- What the Twilio settings of a trunk, or of a number that gets a trunk of its own by them, may hold (include/trunkd/settings.def).
insert into trunkd.field (document, key, type, least, most, one_of) values
    ('twilio_trunk', 'transfer_mode', 'text', null, null, '{disable-all,enable-all,sip-only}'),
    ('twilio_trunk', 'transfer_caller_id', 'text', null, null, '{from-transferee,from-transferor}'),
    ('twilio_trunk', 'cnam_lookup_enabled', 'bool', null, null, null);
