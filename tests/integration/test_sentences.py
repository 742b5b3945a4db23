"""Bad input in SQL: each is refused at once, with a sentence that says what is wrong and a hint that says how to mend it."""
import psycopg2
import json

import pytest

from pglib import base_rows, q

N = "+14155550001"
SECRET = "5up3r-s3cr3t-t0k3n"
SID2 = "AC00000000000000000000000000000002"


def number(columns="", values=""):
    return f"insert into trunkd.phone_number (phone_number, twilio_account{columns}) values ('{N}', 'main'{values})"


def account(**columns):
    row = {"name": "second", "account_sid": SID2, "secret": "file:account/second", **columns}
    return "insert into trunkd.twilio_account ({}) values ({})".format(
        ", ".join(row), ", ".join("null" if v is None else f"'{v}'" for v in row.values()))


def project(**columns):
    row = {"name": "second", "url": "https://two.livekit.cloud", "api_key": "APItwo", "secret": "file:account/two", "sip_host": "two.sip.livekit.cloud",
           **columns}
    return "insert into trunkd.livekit_project ({}) values ({})".format(
        ", ".join(row), ", ".join("null" if v is None else f"'{v}'" for v in row.values()))


BAD = [
    # numbers
    ("insert into trunkd.phone_number (phone_number, twilio_account) values ('(415) 555-1234', 'main')",
     "23514", '"(415) 555-1234" is not a phone number in E.164 form', 'Write "+", the country code'),
    ("insert into trunkd.phone_number (phone_number, twilio_account) values ('+1 (415) 555-1234', 'main')",
     "23514", "is not a phone number", "Did you mean +14155551234?"),
    ("insert into trunkd.phone_number (phone_number, twilio_account) values ('+0415555', 'main')", "23514", "is not a phone number", "Write"),
    ("insert into trunkd.phone_number (phone_number, twilio_account) values ('+1234567890123456', 'main')", "23514", "is not a phone number", ""),
    ("insert into trunkd.phone_number (phone_number, twilio_account) values (null, 'main')", "23514", '"null" is not a phone number', ""),
    (f"insert into trunkd.phone_number (phone_number, twilio_account) values ('{N}', 'mian')",
     "23503", f'phone number {N}: there is no Twilio account "mian"', 'Did you mean "main"?'),
    (number(", agent", ", 'suport'"), "23503", f'phone number {N}: there is no agent "suport"', 'Did you mean "support"?'),
    (number(", agent", ", 'zzz'"), "23503", 'there is no agent "zzz"', 'Known: "sales", "support".'),
    (number(", trunk", ", 'ht'"), "23503", 'there is no trunk "ht"', 'Did you mean "hot"?'),
    (number(", livekit_project", ", 'kl'"), "23503", 'there is no LiveKit project "kl"', 'Known: "lk"'),
    (f"insert into trunkd.phone_number (phone_number) values ('{N}')", "23502", "provider twilio needs a twilio_account", 'Known: "main"'),
    (f"insert into trunkd.phone_number (phone_number, trunk) values ('{N}', 'hot')", "23502", 'it names the trunk "hot" and no twilio_account',
     'Write the trunk\'s account: "main".'),
    (number(", provider", ", 'sip'"), "23514", "provider sip does not go with a twilio_account", "Leave twilio_account out"),
    (number(", provider", ", 'twillio'"), "23514", "provider must be twilio or sip", 'Did you mean "twilio"?'),
    (f"insert into trunkd.phone_number (phone_number, provider, trunk) values ('{N}', 'sip', 'hot')",
     "23514", "provider sip does not go with a Twilio trunk", "Leave trunk"),
    (f"insert into trunkd.phone_number (phone_number, provider, supports_outbound) values ('{N}', 'sip', true)",
     "23502", "provider sip needs outbound_trunk.address for outbound calls", "Write the host that your carrier takes calls at"),
    *[(number(", outbound_trunk", f", '{{{setting}}}'"), "23514", f"outbound_trunk.{setting.split(chr(34))[1]} does not go with provider twilio",
       "Leave it out: it follows from the number's Twilio trunk")
      for setting in ('"address": "sip.example.com"', '"transport": "tls"', '"auth_username": "a"', '"auth_password": "file:sip/a"')],
    *[(number(", inbound_trunk", f", '{{{setting}}}'"), "23514", f"inbound_trunk.{setting.split(chr(34))[1]} does not go with provider twilio",
       "Twilio's Elastic SIP Trunking cannot send a user name") for setting in ('"auth_username": "a"', '"auth_password": "file:sip/a"')],
    *[(f"insert into trunkd.phone_number (phone_number, provider, inbound_trunk) values ('{N}', 'sip', '{{{setting}}}')", "23514",
       "inbound_trunk.auth_username and auth_password go together", "With one of them alone LiveKit asks nobody")
      for setting in ('"auth_username": "a"', '"auth_password": "file:sip/a"')],
    *[(f"insert into trunkd.phone_number (phone_number, provider, outbound_trunk) values ('{N}', 'sip', '{{{setting}}}')", "23514",
       "outbound_trunk.auth_username and auth_password go together", "With one of them alone LiveKit answers no challenge")
      for setting in ('"auth_username": "a"', '"auth_password": "file:sip/a"')],
    (number(", supports_inbound", ", false"), "23514", "it must support inbound or outbound calls", "Set one of them"),
    (number(", label", f", '{'x' * 65}'"), "23514", "label must be one line of 0 to 64 characters", "Shorten"),
    (number(", label", ", E'a\\nb'"), "23514", "label must be one line", "control characters"),
    (number(", labels", ", '[1]'"), "23514", "labels must be a JSON object of short texts", "Write for example"),
    (number(", inbound_trunk", """, '{"krisp": true}'"""), "23514", 'inbound_trunk has no setting "krisp"', 'Known: "allowed_addresses"'),
    (number(", outbound_trunk", ", '[]'"), "23514", "outbound_trunk must be a JSON object", "Write {}"),
    (number(", twilio_trunk", """, '{"fax": true}'"""), "23514", 'twilio_trunk has no setting "fax"', 'Known: "cnam_lookup_enabled"'),
    (number(", trunk, twilio_trunk", ", 'hot', '{}'"), "23514", "names a trunk and has Twilio settings of its own", "Put the settings on the trunk"),
    (number() + "; update trunkd.phone_number set phone_number = '+14155550002'", "55000", f"phone number {N}: phone_number cannot be changed",
     "Insert a new row"),
    # TRUNCATE
    ("truncate trunkd.phone_number", "0A000", "phone_number cannot be truncated", "DELETE FROM trunkd.phone_number"),
    ("truncate trunkd.twilio_account cascade", "0A000", "cannot be truncated", "DELETE FROM"),
    # agents and trunks
    ("insert into trunkd.agent (name, dispatch_name) values ('a b', 'x')", "23514", "this cannot be the name of an agent", "A name has"),
    ("insert into trunkd.agent (name, dispatch_name) values ('a', '')", "23514", 'agent "a": dispatch_name must be one line of 1 to 128', ""),
    ("insert into trunkd.agent (name, dispatch_name) values ('a', null)", "23514", 'agent "a": dispatch_name must be one line', ""),
    ("insert into trunkd.agent (name, dispatch_name, metadata) values ('a', 'b', repeat('x', 70000))", "23514", "metadata must be", ""),
    ("update trunkd.agent set name = 'other' where name = 'sales'", "55000", 'agent "sales": name cannot be changed', "Insert a new row"),
    ("insert into trunkd.trunk (name, twilio_account) values ('+1', 'main')", "23514", "this cannot be the name of a trunk", ""),
    ("insert into trunkd.trunk (name) values ('t')", "23502", 'trunk "t": twilio_account is missing', 'Known: "main"'),
    ("insert into trunkd.trunk (name, twilio_account, numbers_max) values ('t', 'main', 0)", "23514", "numbers_max must be a number from 1", "It is 0."),
    ("update trunkd.trunk set name = 'cold'", "55000", 'trunk "hot": name cannot be changed', ""),
    ("update trunkd.trunk set id = gen_random_uuid()", "55000", 'trunk "hot": id cannot be changed', ""),
    # accounts
    (account(secret=SECRET), "23514", 'Twilio account "second": secret holds a secret in plain text', "Write file:account/NAME"),
    (account(secret=SECRET, account_sid=None), "23514", "plain text", ""),
    (account(secret=None), "23514", "secret is missing", "Write file:account/NAME"),
    (account(secret="file:sip/second"), "23514", "refers to a place outside its name space", "Write file:account/NAME"),
    (account(secret="file:account/../passwd"), "23514", "outside its name space", ""),
    (account(secret="file:/etc/passwd"), "23514", "outside its name space", ""),
    (account(secret="env:HOME"), "23514", "outside its name space", "env:TRUNKD_ACCOUNT_NAME"),
    (account(secret="env:TRUNKD_SIP_X"), "23514", "outside its name space", ""),
    (account(secret="sealed:00112233:abc"), "23514", "not a whole sealed secret", "trunkctl seal"),
    (account(secret="sealed:00112233:" + "A" * 80), "23514", "sealed with a key that this installation does not have", "Seal it again"),
    (account(account_sid=SECRET), "23514", "account_sid is not the SID of an account", ""),
    (account(api_key_sid=SECRET), "23514", "api_key_sid is not the SID of an API key", ""),
    (account(region="mars"), "23514", "region is not one of Twilio's", "us1"),
    (account(region="ie1"), "23514", "region ie1 needs an edge", "dublin"),
    (account(edge="Dub lin"), "23514", "edge is not one of Twilio's", ""),
    (account(base_url="http://example.com"), "23514", "base_url is not an address that trunkd would send a secret to", "http:// only to localhost"),
    (account(base_url=f"https://me:{SECRET}@example.com"), "23514", "base_url is not an address", ""),
    (account(base_url=f"https://example.com/?token={SECRET}"), "23514", "base_url is not an address", ""),
    (account(base_url="https://example.com/../x"), "23514", "base_url is not an address", ""),
    (account(base_url="ftp://example.com"), "23514", "base_url is not an address", ""),
    (account(termination_address="sip:x@y"), "23514", "termination_address is not a host", ""),
    (account(max_in_flight=33), "23514", "max_in_flight must be a number from 1 to 32", "It is 33."),
    (account(drift="ignore"), "23514", 'drift is neither repair nor report', "it is told and left so"),
    (account(requests_per_minute=0), "23514", "requests_per_minute must be a number from 1 to 100000", "It is 0."),
    (account(numbers_per_trunk=0), "23514", "numbers_per_trunk must be a number from 1", ""),
    (account(livekit_project="kl"), "23503", 'there is no LiveKit project "kl"', ""),
    (account(name="lk"), "23505", 'Twilio account "lk": a LiveKit project has that name already', "one name space"),
    (account(account_sid="AC00000000000000000000000000000001"), "23505", "one_row_per_account_and_region", None),
    ("update trunkd.twilio_account set name = 'x'", "55000", "name cannot be changed", ""),
    (f"update trunkd.twilio_account set account_sid = '{SID2}'", "55000", 'Twilio account "main": account_sid cannot be changed', ""),
    ("update trunkd.twilio_account set region = 'ie1', edge = 'dublin'", "55000", "region cannot be changed", ""),
    (f"update trunkd.twilio_account set secret = '{SECRET}'", "23514", "plain text", ""),
    # projects
    (project(url="wss://two.livekit.cloud"), "23514", "url begins with ws", "https://"),
    (project(url="two.livekit.cloud"), "23514", "url is not an address", ""),
    (project(url="http://two.livekit.cloud"), "23514", "url is not an address", ""),
    (project(url="https://LK.livekit.cloud:443/"), "23505", "one_row_per_url", None),
    (project(sip_host="LK.sip.livekit.cloud"), "23505", "one_row_per_sip_host", None),
    (project(sip_host="a b"), "23514", "sip_host is not a host", "name.sip.livekit.cloud"),
    (project(secret=SECRET), "23514", 'LiveKit project "second": secret holds a secret in plain text', ""),
    (project(api_key="a b"), "23514", "api_key is not the name of an API key", ""),
    (project(name="main"), "23505", "a Twilio account has that name already", ""),
    ("update trunkd.livekit_project set url = 'https://other'", "55000", "url cannot be changed", ""),
    # parents that are needed
    (number(", trunk", ", 'hot'") + "; delete from trunkd.twilio_account", "23001",
     'Twilio account "main" is still needed by 1 phone number and 1 trunk', "Delete them or point them elsewhere"),
    (number(", trunk", ", 'hot'") + "; delete from trunkd.livekit_project", "23001",
     'LiveKit project "lk" is still needed by 1 phone number and 1 trunk and 1 Twilio account', ""),
    (number(", trunk", ", 'hot'") + "; insert into trunkd.phone_number (phone_number, twilio_account, trunk) values ('+14155550002', 'main', 'hot');"
     " delete from trunkd.trunk", "23001", 'trunk "hot" is still needed by 2 phone numbers', ""),
]


@pytest.fixture(scope="module")
def world(cluster):
    db = cluster.database()
    base_rows(db)
    db.q("insert into trunkd.trunk (name, twilio_account) values ('hot', 'main')")
    db.q("insert into trunkd.seal_key (key_id, public_key) values ('ffffffff', 'x')")
    yield db
    db.drop()


@pytest.mark.parametrize("statement, code, sentence, hint", BAD, ids=[f"{n}-{b[2][:40]}" for n, b in enumerate(BAD)])
def test_bad_input_has_its_sentence(world, statement, code, sentence, hint):
    session = world.connect(role="trunkd_admin" if "truncate" not in statement else None)
    session.autocommit = False
    with pytest.raises(psycopg2.Error) as caught:
        q(session, statement)
    session.rollback()
    session.close()
    error = caught.value
    assert error.pgcode == code, error
    assert sentence in error.diag.message_primary
    if hint is not None:        # PostgreSQL's own uniqueness error has none
        assert error.diag.message_hint and hint in error.diag.message_hint
        assert error.diag.message_detail is None, "a detail would print the row"
        assert error.diag.table_name
    assert SECRET not in str(error)


def test_no_table_that_people_write_can_be_truncated(world):
    for table in "agent", "trunk", "phone_number", "twilio_account", "livekit_project":
        with pytest.raises(psycopg2.Error) as caught:
            world.q(f"truncate trunkd.{table} cascade")
        assert caught.value.pgcode == "0A000" and "cannot be truncated" in caught.value.diag.message_primary


def test_a_name_or_identity_waits_while_its_old_account_retires(db):
    base_rows(db)
    db.q("""insert into trunkd.account_copy values ('old', 'twilio', %s, '{}', true), ('oldlk', 'livekit', 'https://old.livekit.cloud', '{}', true)""",
         SID2 + "/us1")
    for statement, sentence in [
        (account(name="old", account_sid="AC" + "3" * 32), "objects of the account that had this name are still being removed"),
        (account(name="old", region="ie1", edge="dublin"), "objects of the account that had this name are still being removed"),
        (account(name="oldlk", account_sid="AC" + "3" * 32), "objects of the account that had this name are still being removed"),
        (account(name="new"), 'its objects are still being removed under the name "old"'),
        (project(name="new", url="https://old.livekit.cloud/"), 'its objects are still being removed under the name "oldlk"'),
    ]:
        with pytest.raises(psycopg2.Error) as caught:
            db.q(statement)
        assert caught.value.pgcode == "55000" and sentence in caught.value.diag.message_primary
    db.q(account(name="old", secret="file:account/new"))             # the same account gets new credentials
    db.q(account(name="old", secret="file:account/newer") + " on conflict (name) do update set secret = excluded.secret")
    db.q(account(name="new", account_sid="AC" + "3" * 32))
    # a copy whose row stands is nobody's past: the row's own errors come
    with pytest.raises(psycopg2.errors.UniqueViolation):
        db.q(account(name="third"))


def test_the_project_is_resolved_once(db):
    base_rows(db)
    db.q("update trunkd.twilio_account set livekit_project = null")
    insert = "insert into trunkd.phone_number (phone_number, twilio_account{}) values ('{}', 'main'{}) returning livekit_project"
    assert db.one(insert.format("", N, "")) == "lk", "the only one"
    assert db.one(f"insert into trunkd.phone_number (phone_number, provider) values ('+4930123456', 'sip') returning livekit_project") == "lk"
    db.q(project())
    with pytest.raises(psycopg2.Error) as caught:
        db.q(insert.format("", "+14155550002", ""))
    assert "no livekit_project is given, and there is more than one" in caught.value.diag.message_primary
    assert 'Known: "lk", "second".' in caught.value.diag.message_hint
    db.q("update trunkd.twilio_account set livekit_project = 'second'")
    assert db.one(insert.format("", "+14155550002", "")) == "second", "the account's default"
    assert db.one(insert.format(", livekit_project", "+14155550003", ", 'lk'")) == "lk", "given"
    db.q("insert into trunkd.trunk (name, twilio_account, livekit_project) values ('hot', 'main', 'lk')")
    assert db.one(insert.format(", trunk", "+14155550004", ", 'hot'")) == "lk", "the trunk's"
    with pytest.raises(psycopg2.Error) as caught:
        db.q("update trunkd.phone_number set trunk = 'hot' where phone_number = '+14155550002'")
    assert 'trunk "hot" leads to the LiveKit project "lk"' in caught.value.diag.message_primary
    with pytest.raises(psycopg2.Error) as caught:
        db.q("update trunkd.trunk set livekit_project = 'second'")
    assert "account and project cannot be changed while 1 phone number names it" in caught.value.diag.message_primary
    # a second project, and a new default, move nobody: neither by an upsert nor by an update
    assert db.one(insert.format("", N, "").replace("returning", "on conflict (phone_number) do update set livekit_project = "
                                                   "excluded.livekit_project, label = 'x' returning")) == "lk"
    assert db.one("update trunkd.phone_number set label = 'y' where phone_number = %s returning livekit_project", N) == "lk"
    db.q("delete from trunkd.phone_number; delete from trunkd.trunk; delete from trunkd.twilio_account; delete from trunkd.livekit_project")
    with pytest.raises(psycopg2.Error) as caught:
        db.q("insert into trunkd.phone_number (phone_number, provider) values ('+4930123456', 'sip')")
    assert "no livekit_project is given, and there is none" in caught.value.diag.message_primary


def test_addresses_get_their_usual_form(db):
    for given, kept in [("https://A.Example:443/", "https://a.example"), ("https://a.example:8443/Base/", "https://a.example:8443/Base"),
                        ("http://127.0.0.1:7880", "http://127.0.0.1:7880"), ("http://LOCALHOST:80/x", "http://localhost/x"),
                        ("http://[::1]:7880/", "http://[::1]:7880")]:
        db.q("delete from trunkd.livekit_project")
        assert db.one(project(url=given) + " returning url") == kept
    assert db.one("update trunkd.livekit_project set sip_host = 'sip:Two.Example:5060' returning sip_host") == "two.example:5060"


def test_settings_are_checked_by_the_table_of_fields(db):
    base_rows(db)
    db.q("""insert into trunkd.field (document, key, type, least, most, one_of) values
            ('inbound_trunk', 'krisp_enabled', 'bool', null, null, null), ('inbound_trunk', 'ring_seconds', 'int', 1, 60, null),
            ('inbound_trunk', 'transport', 'text', null, null, '{udp,tcp}'), ('inbound_trunk', 'allowed', 'list', null, 2, null),
            ('inbound_trunk', 'headers', 'map', null, null, null), ('inbound_trunk', 'nick', 'text', 1, 5, null)
            on conflict do nothing""")
    write = "insert into trunkd.phone_number (phone_number, provider, inbound_trunk) values (%s, 'sip', %s)"
    for bad, sentence in [
        ('{"crisp_enabled": true}', 'has no setting "crisp_enabled"'), ('{"krisp_enabled": "yes"}', "inbound_trunk.krisp_enabled must be true or false"),
        ('{"ring_seconds": 61}', "must be a whole number from 1 to 60"), ('{"ring_seconds": 1.5}', "must be a whole number"),
        ('{"ring_seconds": "5"}', "must be a whole number"), ('{"transport": "tls"}', "must be one of udp, tcp"),
        ('{"allowed": ["a", "b", "c"]}', "a list of texts, at most 2"), ('{"allowed": [1]}', "a list of texts"),
        ('{"headers": {"a": 1}}', "an object of texts"), ('{"nick": "abcdef"}', "a text of at least 1 of at most 5"),
        (f'{{"auth_password": "{SECRET}"}}', "inbound_trunk.auth_password holds a secret in plain text"),
        ('{"auth_password": "file:account/main"}', "outside its name space"), ('{"auth_password": "env:TRUNKD_ACCOUNT_A"}', "outside its name space"),
    ]:
        with pytest.raises(psycopg2.Error) as caught:
            db.q(write, N, bad)
        assert sentence in caught.value.diag.message_primary and SECRET not in str(caught.value), bad
    with pytest.raises(psycopg2.Error) as caught:
        db.q(write, N, '{"crisp_enabled": true}')
    assert caught.value.diag.message_hint == 'Did you mean "krisp_enabled"?'
    db.q(write, N, '{"krisp_enabled": true, "ring_seconds": 60, "transport": "udp", "allowed": ["a"], "headers": {"a": "b"},'
                   ' "auth_password": "file:sip/desk", "auth_username": "abc"}')


@pytest.mark.parametrize("document, bad, sentence", [
    ("inbound_trunk", {"allowed_addresses": ["sip.example.com"]}, "must be a list of IP addresses or networks in CIDR form, such as 203.0.113.7"),
    ("inbound_trunk", {"allowed_addresses": ["203.0.113.7/24"]}, "must be a list of IP addresses or networks in CIDR form"),
    ("inbound_trunk", {"allowed_addresses": [""]}, "must be a list of IP addresses"),
    *[("inbound_trunk", {"allowed_addresses": [short]}, "must be a list of IP addresses") for short in ("10", "10.1", "192.168/24", "::/0x")],
    ("outbound_trunk", {"headers": {"Call-ID": "1"}}, "must be other headers than those that LiveKit writes itself, such as From"),
    ("outbound_trunk", {"headers": {"via": "SIP/2.0/UDP x"}}, "must be other headers than those that LiveKit writes itself, such as From"),
    ("inbound_trunk", {"headers": {"f": "sip:x"}}, "must be other headers than those that LiveKit writes itself, such as From"),
    ("inbound_trunk", {"headers": {"X-A": "a" * 1025}}, "must be an object of texts of at most 1024 bytes each"),
    ("inbound_trunk", {"allowed_numbers": ["+49 30 1"]}, "must be a list of texts without spaces"),
    ("inbound_trunk", {"headers": {"X A": "1"}}, "must be named with letters, digits, dots and dashes"),
    ("inbound_trunk", {"headers": {"X-A": "1\r\nX-B: 2"}}, "must be an object of texts in one line"),
    ("inbound_trunk", {"headers": {"X-A": ""}}, "must be an object of texts in one line, none of them empty"),
    ("inbound_trunk", {"headers_to_attributes": {f"X-{n}": "a" * 300 for n in range(60)}}, "must be shorter than 16 kB altogether: LiveKit answers every call"),
    ("inbound_trunk", {"headers": {f"X-{n}": "a" for n in range(101)}}, "must be at most 100 entries"),
    ("inbound_trunk", {"media_encryption": "yes"}, "must be one of disable, allow, require"),
    *[(doc, {"media_encryption": "require"}, f"{doc}.media_encryption require does not go with provider twilio") for doc in ("inbound_trunk", "outbound_trunk")],
    ("inbound_trunk", {"ringing_timeout_seconds": 0}, "must be a whole number from 1 to 3600"),
    ("inbound_trunk", {"room_preset": "x"}, 'has no setting "room_preset"'),
    ("outbound_trunk", {"destination_country": "DE"}, "must be a country of two lower-case letters, such as de"),
    ("outbound_trunk", {"from_host": "sip:x"}, "must be a host name"),
    *[("outbound_trunk", {"address": bad}, "must be a host or host:port in lower case, such as sip.example.com") for bad in (
        "sip:x.example", "x.example;transport=tcp", "user@x.example", "x.example:0", "x.example:65536", "x.example:99999999999", "X.example", "x.example.",
        "x example", "https://x.example", "x.example:", "-x.example")],
    ("outbound_trunk", {"address": ""}, "must be a text of at least 1"), ("outbound_trunk", {"transport": "sctp"}, "must be one of auto, udp, tcp, tls"),
    *[("outbound_trunk", {"auth_username": bad}, "must be a text in one line without spaces, quotes and backslashes") for bad in ('a"b', "a b", "a\\b", "a\n")],
])
def test_what_would_fail_every_call_is_refused(db, document, bad, sentence):
    base_rows(db)
    with pytest.raises(psycopg2.Error) as caught:
        db.q(f"insert into trunkd.phone_number (phone_number, twilio_account, {document}) values (%s, 'main', %s)", N, json.dumps(bad))
    assert sentence in caught.value.diag.message_primary, caught.value.diag.message_primary
    assert caught.value.diag.column_name == document


@pytest.mark.parametrize("bad, sentence", [
    ({"pin": "1" * 17}, "dispatch_rule.pin must be a text of at least 1 of at most 16"),
    ({"pin": "12a"}, "dispatch_rule.pin must be digits"), ({"pin": ""}, "dispatch_rule.pin must be a text of at least 1"),
    ({"type": "conference"}, "must be one of individual, direct, callee"), ({"type": "direct"}, "dispatch_rule.type direct needs a room_name"),
    ({"type": "direct", "room_name": ""}, "dispatch_rule.room_name must be a text of at least 1"), ({"room_name": "x"}, "dispatch_rule.room_name goes with the type direct only"),
    ({"type": "direct", "room_name": "a\nb"}, "dispatch_rule.room_name must be a text in one line"),
    ({"type": "callee", "no_randomness": True}, "dispatch_rule.no_randomness goes with the type individual only"),
    ({"randomize": True}, "dispatch_rule.randomize goes with the type callee only"), ({"more_agents": {"a": ""}}, 'dispatch_rule.more_agents names "a", which is its own'),
    ({"more_agents": {"": ""}}, "must be named with one line of 1 to 128 characters each"), ({"more_agents": {"b": 5}}, "must be an object of texts"),
    ({"more_agents": {str(n): "" for n in range(11)}}, "must be at most 10 agents"), ({"more_agents": {"b": "x" * 65537}}, "must be an object of texts of at most 65536 bytes each"),
    ({"more_agents": {str(n): "x" * 60000 for n in range(5)}}, "must be shorter than 256 kB altogether"),
    ({"room_preset": "x"}, 'dispatch_rule has no setting "room_preset"'), ({"hide_phone_number": 1}, "must be true or false"),
    ({"attributes": {f"a{n}": "x" * 300 for n in range(60)}}, "must be shorter than 16 kB altogether"),
])
def test_a_rule_that_would_fail_every_call_is_refused(db, bad, sentence):
    with pytest.raises(psycopg2.Error) as caught:
        db.q("insert into trunkd.agent (name, dispatch_name, dispatch_rule) values ('a', 'a', %s)", json.dumps(bad))
    assert sentence in caught.value.diag.message_primary, caught.value.diag.message_primary


@pytest.mark.parametrize("bad, sentence", [
    ({"disaster_recovery_url": "ftp://x"}, "twilio_trunk.disaster_recovery_url must be a URL that begins with https:// or http://"),
    ({"disaster_recovery_url": "https://x/a b"}, "must be a URL"), ({"disaster_recovery_url": ""}, "must be a text of at least 1 of at most 2048"),
    ({"disaster_recovery_method": "PUT"}, "must be one of POST, GET"),
    ({"recording_trim": "trim-silence"}, "trunk \"t\": twilio_trunk.recording_trim is set, but nothing is recorded"),
    ({"recording_trim": "trim-silence", "recording_mode": "do-not-record"}, "but nothing is recorded"), ({"recording_mode": "yes"}, "must be one of do-not-record"),
    ({"secure": "yes"}, "twilio_trunk.secure must be true or false"),
    ({"symmetric_rtp_enabled": False}, 'trunk "t": twilio_trunk.symmetric_rtp_enabled is not a setting: Twilio\'s API cannot set it'),
    ({"secure": True, "origination_urls": [{"url": "sip:a;transport=tls"}, {"url": "sip:b;transport=tcp"}]},
     "twilio_trunk.secure is set, and calls cannot go to sip:b;transport=tcp"),
    ({"secure": True, "origination_urls": [{"url": "sip:b;transport=TLS"}, {"url": "sip:b?x=;transport=tls"}]},
     "twilio_trunk.secure is set, and calls cannot go to sip:b?x=;transport=tls"),
    ({"origination_urls": "sip:x"}, "twilio_trunk.origination_urls must be a list of at most 8 JSON objects"),
    ({"origination_urls": [{"url": f"sip:h{n}"} for n in range(9)]}, "must be a list of at most 8 JSON objects"),
    ({"origination_urls": ["sip:x"]}, "origination_url must be a JSON object"), ({"origination_urls": [{"weight": 1}]}, "has an entry without url"),
    ({"origination_urls": [{"uri": "sip:x"}]}, 'trunk "t": twilio_trunk.origination_urls, number 1: origination_url has no setting "uri"'),
    *[({"origination_urls": [{"url": url}]}, "url must be a SIP URI such as sip:backup.example.com;transport=tcp")
      for url in ("sips:x.example", "http://x.example", "sip:", "sip:-x", "sip:x y", "sip:x@", "sip:x:0", "sip:x\n", "x.example")],
    ({"origination_urls": [{"url": "sip:x", "priority": -1}]}, "priority must be a whole number from 0 to 65535"),
    ({"origination_urls": [{"url": "sip:x", "weight": 0}]}, "weight must be a whole number from 1 to 65535"),
    ({"origination_urls": [{"url": "sip:X.example;a=B"}, {"url": "SIP:x.Example;a=B"}]}, "twilio_trunk.origination_urls has sip:x.example;a=B twice"),
    *[({"origination_urls": [{"url": url}]}, "twilio_trunk.origination_urls names sip:lk.sip.livekit.cloud, which is the project's own")
      for url in ("sip:LK.sip.livekit.cloud;transport=tcp", "sip:lk.sip.livekit.cloud", "SIP:lk.sip.livekit.cloud;transport=TLS")],
    ({"connection_policy": "yes"}, "twilio_trunk.connection_policy must be true or false"),
    *[({"connection_policy_targets": [{"target": "sip:x"}], **more}, "twilio_trunk.connection_policy_targets is set, but there is no connection policy")
      for more in ({}, {"connection_policy": False})],
    *[({"connection_policy": True, "connection_policy_targets": targets}, sentence) for targets, sentence in (
        ({"target": "sip:x"}, "twilio_trunk.connection_policy_targets must be a list of at most 8 JSON objects"),
        ([{"target": f"sip:h{n}"} for n in range(9)], "must be a list of at most 8 JSON objects"),
        ([{"weight": 1}], "twilio_trunk.connection_policy_targets has an entry without target"),
        ([{"url": "sip:x"}], 'trunk "t": twilio_trunk.connection_policy_targets, number 1: connection_policy_target has no setting "url"'),
        ([{"target": "sips:x.example"}], "connection_policy_target.target must be a SIP URI such as sip:backup.example.com;transport=tcp (sips: is not known"),
        ([{"target": "sip:x", "priority": 65536}], "connection_policy_target.priority must be a whole number from 0 to 65535"),
        ([{"target": "sip:x", "weight": 0}], "connection_policy_target.weight must be a whole number from 1 to 65535"),
        ([{"target": "sip:X.example"}, {"target": "SIP:x.example"}], "twilio_trunk.connection_policy_targets has sip:x.example twice"),
        ([{"target": "sip:LK.sip.livekit.cloud"}], "connection_policy_targets names sip:lk.sip.livekit.cloud, which is the project's own"))],
])
def test_a_trunk_is_refused_what_twilio_would_not_do(db, bad, sentence):
    base_rows(db)
    with pytest.raises(psycopg2.Error) as caught:
        db.q("insert into trunkd.trunk (name, twilio_account, twilio_trunk) values ('t', 'main', %s)", json.dumps(bad))
    assert sentence in caught.value.diag.message_primary, caught.value.diag.message_primary
    assert caught.value.diag.column_name == "twilio_trunk"
