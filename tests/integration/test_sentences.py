"""Bad input is refused at once, with a sentence that says what is wrong, where, and how to mend it: what is said stands in
tests/golden/sentences, and no sentence may be in the sources that does not stand there."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import psycopg2
import psycopg2.errors
import pytest

import ctllib
import pglib
import sentencelib
from pglib import base_rows, q

N = "+14155550001"
SECRET = "5up3r-s3cr3t-t0k3n"
SID2 = "AC00000000000000000000000000000002"


def account(**columns):
    row = {"name": "second", "account_sid": SID2, "secret": "file:account/second", **columns}
    return "insert into trunkd.twilio_account ({}) values ({})".format(
        ", ".join(row), ", ".join("null" if v is None else f"'{v}'" for v in row.values()))


def project(**columns):
    row = {"name": "second", "url": "https://two.livekit.cloud", "api_key": "APItwo", "secret": "file:account/two", "sip_host": "two.sip.livekit.cloud",
           **columns}
    return "insert into trunkd.livekit_project ({}) values ({})".format(
        ", ".join(row), ", ".join("null" if v is None else f"'{v}'" for v in row.values()))


@pytest.fixture(scope="module")
def world(cluster):
    db = cluster.database()
    base_rows(db)
    db.q("insert into trunkd.trunk (name, twilio_account) values ('hot', 'main')")
    db.q("insert into trunkd.seal_key (key_id, public_key) values ('ffffffff', 'x')")
    yield db
    db.drop()


def refusal(db, statements):
    """What psql would show of the error in which a transaction ends."""
    session = db.connect()
    session.autocommit = False
    try:
        q(session, statements)
        return ["nothing is wrong"]
    except psycopg2.Error as error:
        d = error.diag
        assert SECRET not in str(error)
        assert not d.message_detail or d.sqlstate in ("23503", "23505", "22P02"), "a detail would print the row"
        shown = [d.message_primary, d.message_detail and f"detail: {d.message_detail}", d.message_hint and f"hint: {d.message_hint}",
                 f"({d.sqlstate}{', ' + d.column_name if d.column_name else ''})"]
        return [line for text in shown if text for line in text.split("\n")]
    finally:
        session.rollback()
        session.close()


@pytest.mark.parametrize("name", ["rows", "settings"])
def test_bad_rows_have_their_sentences(world, name):
    sentencelib.check(name, lambda statements: refusal(world, statements))


def test_verbs_that_cannot_do_what_is_asked_have_their_sentences(world):
    world.q("insert into trunkd.phone_number (phone_number, twilio_account) values (%s, 'main')", N)
    world.q("insert into trunkd.phone_number (phone_number, provider) values ('+4930123456', 'sip')")
    sentencelib.check("verbs", lambda statements: refusal(world, statements))


# ---- programs

@contextlib.contextmanager
def guarded_by_password(cluster, role):
    """Who is asked for a password, in a cluster that asks nobody else."""
    path = pathlib.Path(cluster.data, "pg_hba.conf")
    before = path.read_text()
    path.write_text(f"local all {role} scram-sha-256\n" + before)
    cluster.execute("select pg_reload_conf()")
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            cluster.connect(user=role).close()
            time.sleep(0.01)
    yield
    path.write_text(before)
    cluster.execute("select pg_reload_conf()")


@pytest.fixture(scope="module")
def fleet(cluster):
    """What commands meet: a database with a few rows, others that are strange, and people who may not do everything."""
    db = cluster.database()
    base_rows(db)
    db.q("insert into trunkd.trunk (name, twilio_account) values ('hot', 'main')")
    db.q("insert into trunkd.phone_number (phone_number, twilio_account, agent) values (%s, 'main', 'support')", N)
    db.q("""update trunkd.agent set labels = '{"team": "support"}'; update trunkd.phone_number set labels = '{"team": "support"}'""")
    db.q("insert into trunkd.seal_key (key_id, public_key) values ('ffffffff', %s)", "AQ" + "A" * 41 + "=")
    db.q("insert into trunkd.stray (account, kind, external_id) values ('lk', 'livekit.dispatch_rule', 'SDR_old')")
    db.q("create role viewer login in role trunkd_reader; create role guest login; create role stranger login password 'right'")
    strange = [pglib.Db(cluster, name) for name in ("newer", "other", "older")]
    for one, template in zip(strange, ("trunkd_template", "trunkd_template", "template1")):
        cluster.execute(f"create database {one.name} template {template}")
    strange[0].q("insert into trunkd.schema_version (number, name, checksum) values (9999, '9999_later', '')")
    strange[1].q("update trunkd.schema_version set checksum = 'x' where number = 2")
    for path in pglib.SCHEMA[:10]:
        strange[2].q(path.read_text())
    with guarded_by_password(cluster, "stranger"):
        yield db
    for one in [*strange, db]:
        one.drop()
    cluster.execute("drop role viewer; drop role guest; drop role stranger")


class Programs:
    """Runs what a case says in a folder of its own, and gives what a person would have read."""

    def __init__(self, db, folder):
        self.db, self.folder, self.count = db, folder, 0
        self.busy = socket.create_server(("127.0.0.1", 0))
        self.words = {"port": str(self.busy.getsockname()[1])}

    def run(self, command, files={}, stdin=b""):
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        environment = {**ctllib.environment(self.db), "PATH": f"{ctllib.BUILD}:{os.environ['PATH']}", "HOME": "/nowhere"}
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, input=stdin, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        shutil.rmtree(folder)
        text = done.stdout.decode(errors="backslashreplace")
        for own, shown in [(self.db.cluster.directory, "PGHOST"), (self.db.name, "trunkd"), (self.words["port"], "PORT"),
                           (f"(schema {int(pglib.SCHEMA[-1].name[:4])})", "(schema NEWEST)")]:
            text = text.replace(own, shown)
        assert SECRET not in text
        return [*text.rstrip("\n").split("\n"), f"exit {done.returncode}"]

    def close(self):
        self.busy.close()


@pytest.fixture
def programs(fleet, tmp_path):
    p = Programs(fleet, tmp_path)
    yield p
    p.close()


def test_bad_manifests_have_their_sentences(programs):
    sentencelib.check("manifests", lambda given: programs.run("trunkctl diff -f -", stdin=sentencelib.plain(given)))


def test_a_manifest_that_is_refused_takes_the_others_with_it(programs):
    """Nothing of an apply is left when one document of several is wrong, whether trunkctl or the database says so."""
    good = b"apiVersion: trunkd/v1\nkind: Agent\nmetadata: { name: fresh }\nspec: { dispatchName: fresh }\n"
    refused = [given for given, said in sentencelib.cases("manifests")[1] if said[-1] in ("exit 1", "exit 3") and "no document" not in said[0]]
    assert len(refused) > 30
    for given in refused:
        said = programs.run("trunkctl apply -f .", {"a.yaml": good, "b.yaml": sentencelib.plain(given), "c.yaml": good.replace(b"fresh", b"more")})
        assert said[-1] in ("exit 1", "exit 3"), given
        assert programs.db.one("select count(*) from trunkd.agent where name in ('fresh', 'more')") == 0, given


def test_every_setting_has_a_case_in_which_it_is_refused(world):
    text = "\n".join(line for said in sentencelib.answers()["settings"] for line in said)
    settings = world.q("select document, key from trunkd.field order by 1, 2")
    assert len(settings) > 30
    assert not [f"{document}.{key}" for document, key in settings if f"{document}.{key} " not in text]


def test_bad_configurations_have_their_sentences(programs):
    keys = "trunkd --create-key key && mkdir keys && mv key keys && touch empty && echo nonsense > damaged && chmod 600 empty damaged"
    sentencelib.check("configuration", lambda given: programs.run(f"{keys} && trunkd --check --config trunkd.conf",
                                                                  {"trunkd.conf": sentencelib.plain(given)}))


def test_commands_that_cannot_be_followed_have_their_sentences(programs):
    before = programs.db.q("select * from trunkd.phone_number, trunkd.agent order by 1")
    sentencelib.check("commands", lambda given: programs.run(sentencelib.plain(given, **programs.words).decode()))
    assert programs.db.q("select * from trunkd.phone_number, trunkd.agent order by 1") == before, "what is refused changes nothing"


# Sentences that no golden file can show, each with the reason.
UNSHOWN = {
    # Nobody's input.
    "out of memory": "of libpq or libyaml",
    "no message": "PostgreSQL always has one",
    "no answer": "the simulator always has one",
    "libmicrohttpd does not start": "no memory, no descriptors",
    "the loop does not take the metrics": "no memory, no descriptors",
    "cannot switch core dumps off: %s": "the kernel refuses it",
    "a place begins with account/ or sip/": "trunkctl seal looks at it first",
    "cannot write the key file %s: %s": "a full disk",
    "this is no usable key": "no 32 bytes are none",
    "user of %s: 1 to %d bytes, no colon, one line": "SQL looks at it first; test_vault.c",
    "This version knows no settings in %s: leave it empty ({}).": "every document has some",
    # Limits that only a fleet meets.
    "it is too long for one document: describe fewer at a time": "64 MB",
    "%s is too long to be written": "a row has less than a document's limit",
    "these are too many names": "more than a command line holds",
    "it is too long to be written as YAML": "hundreds of megabytes",
    # Of a moment, or of another machine: shown where that is made.
    "trunkd needs PostgreSQL 13 or later; the server of database %s is %d.%d": "an older server is needed",
    "trunkctl: %s waits for a lock that somebody holds; trying again": "test_ctl_migrate.py",
    "%s could not have its lock in %d attempts: end the transaction that holds it (see pg_locks), then run trunkctl migrate again; "
    "what is applied stays": "half a minute of waiting",
    "%s. PostgreSQL knows you as %s: trunkctl migrate needs who owns the database and may create roles%s%s": "test_ctl_migrate.py",
    "the connection to PostgreSQL was lost: %s": "the server has died",
    "cannot listen at %s: %s": "of a daemon that goes on; test_metrics.py",
    # Between the daemon and its own functions.
    "%s %s is not at generation %s": "test_commit.py",
    "a unit has an item that nobody knows: %": "test_commit.py",
    "a unit cannot write the table %": "test_commit.py",
    "a ledger row has no such column: %": "test_commit.py",
    "a number's status has no such column: %": "test_commit.py",
    "ledger row %s %s %s is not at revision %s": "test_commit.py",
}


def test_no_sentence_is_without_a_case(world):
    text = "\n".join(line for cases in sentencelib.answers().values() for said in cases for line in said)
    sources = [*sentencelib.said_in_c(), *sentencelib.said_in_sql(world)]
    assert len(sources) > 200, "nothing is looked at"
    missing = [f"{place}: {form}" for place, form in sources if form not in UNSHOWN and not re.search(sentencelib.pattern_of(form), text)]
    assert not missing, "\n".join(["write a case into tests/golden/sentences for:", *missing])
    assert not UNSHOWN.keys() - {form for _, form in sources}, "these are said no more"


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
