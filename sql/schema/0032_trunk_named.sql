-- A number that names a trunk and no account is told the trunk's.
create or replace function trunkd.check_provider(n trunkd.phone_number, what text) returns void
language plpgsql
as $$
declare
    tab constant text := 'phone_number';
    account_of_trunk text := (select t.twilio_account from trunkd.trunk t where t.name = n.trunk);
begin
    if n.provider is null or n.provider not in ('twilio', 'sip') then
        perform trunkd.fail('23514', tab, 'provider', format('%s: provider must be twilio or sip', what),
            trunkd.suggest(left(n.provider, 63), array['twilio', 'sip'], ''));
    elsif n.provider = 'twilio' and n.twilio_account is null and account_of_trunk is not null then
        perform trunkd.fail('23502', tab, 'trunk', format('%s: it names the trunk "%s" and no twilio_account', what, n.trunk),
            format('Write the trunk''s account: "%s".', account_of_trunk));
    elsif n.provider = 'twilio' and n.twilio_account is null then
        perform trunkd.fail('23502', tab, 'twilio_account', format('%s: provider twilio needs a twilio_account', what),
            trunkd.suggest('', trunkd.account_names(), 'Insert a row into trunkd.twilio_account first.'));
    elsif n.provider = 'sip' and n.twilio_account is not null then
        perform trunkd.fail('23514', tab, 'twilio_account', format('%s: provider sip does not go with a twilio_account', what),
            'Leave twilio_account out, or write provider twilio.');
    elsif n.provider = 'sip' and (n.trunk is not null or n.twilio_trunk is not null) then
        perform trunkd.fail('23514', tab, case when n.trunk is null then 'twilio_trunk' else 'trunk' end,
            format('%s: provider sip does not go with a Twilio trunk', what), 'Leave trunk and twilio_trunk out, or write provider twilio.');
    elsif not (n.supports_inbound or n.supports_outbound) then
        perform trunkd.fail('23514', tab, 'supports_inbound', format('%s: it must support inbound or outbound calls', what),
            'Set one of them to true, or delete the row.');
    elsif n.trunk is not null and n.twilio_trunk is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: it names a trunk and has Twilio settings of its own', what),
            format('Put the settings on the trunk "%s", or name no trunk.', n.trunk));
    end if;
end $$;

-- The parameters of a SIP URI have no case, and end where its headers begin.
create or replace function trunkd.check_twilio_trunk(tab text, what text, value jsonb) returns void
language plpgsql
as $$
declare
    plain text;
begin
    if value ? 'recording_trim' and coalesce(value ->> 'recording_mode', 'do-not-record') = 'do-not-record' then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.recording_trim is set, but nothing is recorded', what),
            'Set recording_mode too, for example to record-from-answer, or leave both out.');
    end if;
    perform trunkd.check_sip_uris(tab, what, 'origination_urls', 'url', coalesce(value -> 'origination_urls', '[]'));
    select e.value ->> 'url' into plain from jsonb_array_elements(coalesce(check_twilio_trunk.value -> 'origination_urls', '[]')) e
        where check_twilio_trunk.value -> 'secure' = 'true' and e.value ->> 'url' !~* '^[^?]*;transport=tls([;?]|$)' limit 1;
    if plain is not null then
        perform trunkd.fail('23514', tab, 'twilio_trunk', format('%s: twilio_trunk.secure is set, and calls cannot go to %s', what, plain),
            'Twilio encrypts by TLS: write the URI with ;transport=tls.');
    end if;
end $$;
