-- LiveKit takes some headers that make what it sends no SIP any more, in their long and short forms (RFC 3261, 7.3.3 and 20): To, Via, Route,
-- Authorization and what a transaction is negotiated with. They are refused like the others that it writes itself.
create or replace function trunkd.setting_map_fault(known trunkd.field, value jsonb) returns text
language sql immutable
as $$
select case
    when (select count(*) from jsonb_object_keys(value)) > known.most then 'at most ' || known.most || ' entries'
    when exists (select from jsonb_object_keys(value) k where k !~ '^[A-Za-z0-9_.!%*+`~''-]{1,127}$')
        then 'named with letters, digits, dots and dashes, as SIP headers and attributes are'
    when known.key = 'headers' and exists (select from jsonb_object_keys(value) k where lower(k) in (
            'accept', 'accept-encoding', 'accept-language', 'allow', 'allow-events', 'authorization', 'call-id', 'contact', 'content-encoding',
            'content-length', 'content-type', 'cseq', 'event', 'expires', 'from', 'max-forwards', 'proxy-authorization', 'proxy-require',
            'record-route', 'refer-to', 'reply-to', 'require', 'route', 'supported', 'to', 'unsupported', 'via',
            'c', 'e', 'f', 'i', 'k', 'l', 'm', 'o', 'r', 't', 'u', 'v')) then 'other headers than those that LiveKit writes itself, such as From, Contact or Call-ID'
    when exists (select from jsonb_each_text(value) e where octet_length(e.value) > 1024) then 'an object of texts of at most 1024 bytes each'
    when exists (select from jsonb_each_text(value) e where e.value ~ '[[:cntrl:]]' or e.value = '')
        then 'an object of texts in one line, none of them empty'
    when octet_length(value::text) > 16384
        then 'shorter than 16 kB altogether: LiveKit answers every call with 486 when a participant''s attributes are too large'
end $$;
