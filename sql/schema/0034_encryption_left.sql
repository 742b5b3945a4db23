-- Rows of Twilio's numbers that were written before 0029 may demand encryption themselves. Where their trunk encrypts the demand says nothing
-- that is not so anyway, and goes. Elsewhere Twilio cannot meet it and every call fails; taking it away would let calls through in the clear,
-- which is for people to say: they are named.
do $$
declare
    waiting text[];
begin
    update trunkd.phone_number n
    set inbound_trunk = case when n.inbound_trunk ->> 'media_encryption' = 'require' then n.inbound_trunk - 'media_encryption' else n.inbound_trunk end,
        outbound_trunk = case when n.outbound_trunk ->> 'media_encryption' = 'require' then n.outbound_trunk - 'media_encryption' else n.outbound_trunk end
    where n.provider = 'twilio' and 'require' in (n.inbound_trunk ->> 'media_encryption', n.outbound_trunk ->> 'media_encryption')
      and (n.twilio_trunk -> 'secure' = 'true' or exists (select from trunkd.trunk t where t.name = n.trunk and t.twilio_trunk -> 'secure' = 'true'));
    select array_agg(n.phone_number order by n.phone_number) into waiting from trunkd.phone_number n
    where n.provider = 'twilio' and 'require' in (n.inbound_trunk ->> 'media_encryption', n.outbound_trunk ->> 'media_encryption');
    if waiting is not null then
        raise warning 'Twilio encrypts calls on trunks with twilio_trunk.secure only, so no call of these numbers, whose media_encryption is require, can be set up: %. Set secure on their trunk, or in their own twilio_trunk, and take media_encryption out of inbound_trunk and outbound_trunk; until then no change of their rows is taken',
            array_to_string(waiting[1:20], ', ') || case when cardinality(waiting) > 20 then format(' and %s more', cardinality(waiting) - 20) else '' end;
    end if;
end $$;
