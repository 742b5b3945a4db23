-- The condition of a project whose LiveKit server lacks the updates that trunkd lives by.
insert into trunkd.reason (name, status, settled, remedy) values
    ('ServerTooOld', 'account', false, 'The LiveKit server does not know this request: it must be 1.12.0 or newer; it is probed again by itself.');
