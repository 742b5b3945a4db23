-- Symmetric RTP of a trunk is Twilio's own: its API shows it and cannot set it, which whoever asks for it is told.
create or replace function trunkd.check_document(tab text, what text, document text, value jsonb) returns void
language plpgsql
as $$
begin
    if document = 'twilio_trunk' and value ? 'symmetric_rtp_enabled' then
        perform trunkd.fail('23514', tab, document, format('%s: twilio_trunk.symmetric_rtp_enabled is not a setting: Twilio''s API cannot set it', what),
            'Leave it out, and switch it in Twilio''s console; trunkctl describe shows how it is.');
    end if;
    perform trunkd.check_document(tab, what, document, value, document);
end $$;
