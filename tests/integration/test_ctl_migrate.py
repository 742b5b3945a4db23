"""trunkctl migrate, version, help and the sentences of the command line."""
import threading
import time

import pytest

import ctllib
import pglib
from ctllib import trunkctl

NEWEST = int(pglib.SCHEMA[-1].name[:4])


@pytest.fixture
def empty(cluster):
    d = ctllib.empty_database(cluster)
    yield d
    d.drop()


def applied(db):
    return [row[0] for row in db.q("select name from trunkd.schema_version order by number")]


def test_who_may_not_migrate_is_told_who_may(empty):
    empty.q("do $$ begin if to_regrole('guest_of_tests') is null then create role guest_of_tests login; end if; end $$")
    done = trunkctl(empty, "migrate", user="guest_of_tests")
    assert done.code == 1 and "trunkctl migrate needs who owns the database and may create roles" in done.err and "trunkd_reader" not in done.err, done


def test_migrate_applies_everything_once_and_says_what(empty):
    first = trunkctl(empty, "migrate")
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines() == [f"applied {p.stem}" for p in pglib.SCHEMA]
    assert applied(empty) == [p.stem for p in pglib.SCHEMA]
    second = trunkctl(empty, "migrate")
    assert (second.code, second.out) == (0, f"database {empty.name} is up to date: schema {NEWEST}\n")


def test_migrate_records_what_the_tests_record(db):
    assert trunkctl(db, "migrate").out == f"database {db.name} is up to date: schema {NEWEST}\n"


def test_migrate_status_changes_nothing(empty):
    done = trunkctl(empty, "migrate", "--status")
    assert (done.code, done.out) == (2, f"database {empty.name} has no schema trunkd; this trunkctl brings schema {NEWEST}\n")
    assert empty.one("select to_regnamespace('trunkd')") is None
    trunkctl(empty, "migrate")
    assert trunkctl(empty, "migrate", "--status").code == 0
    empty.q("delete from trunkd.schema_version where number = %s", NEWEST)
    done = trunkctl(empty, "migrate", "--status")
    assert (done.code, done.out) == (2, f"database {empty.name} has schema {NEWEST - 1}; this trunkctl brings schema {NEWEST}\n")


def test_two_at_once_apply_each_migration_once(empty):
    both = [ctllib.start(empty, "migrate") for _ in range(2)]
    done = [ctllib.finish(p) for p in both]
    assert [d.code for d in done] == [0, 0], done
    lines = [line for d in done for line in d.out.splitlines() if line.startswith("applied ")]
    assert sorted(lines) == [f"applied {p.stem}" for p in pglib.SCHEMA]


def test_demands_of_encryption_from_before_are_gone_or_named(db):
    done = ctllib.apply(db, ctllib.ACCOUNTS, ctllib.document("Trunk", "safe", {"twilioAccount": "main", "twilioTrunk": {"secure": True}}),
                        *[ctllib.document("PhoneNumber", f"+141555501{n:02}", {"twilioAccount": "main"}) for n in range(25)])
    assert done.code == 0, done
    db.q("alter table trunkd.phone_number disable trigger user")
    db.q("""update trunkd.phone_number set outbound_trunk = '{"media_encryption": "require", "from_host": "x.example"}'""")
    db.q("update trunkd.phone_number set trunk = 'safe' where phone_number = '+14155550100'")
    db.q("""update trunkd.phone_number set twilio_trunk = '{"secure": true}' where phone_number = '+14155550101'""")
    db.q("""update trunkd.phone_number set outbound_trunk = '{"media_encryption": "allow"}' where phone_number = '+14155550102'""")
    db.q("alter table trunkd.phone_number enable trigger user")
    db.q("delete from trunkd.schema_version where name = '0034_encryption_left'")
    done = trunkctl(db, "migrate")
    assert done.code == 0 and done.out == "applied 0034_encryption_left\n", done
    assert "media_encryption is require, can be set up: +14155550103, +14155550104, " in done.err and " and 2 more. Set secure" in done.err, done.err
    left = dict(db.q("select phone_number, outbound_trunk from trunkd.phone_number"))
    assert left["+14155550100"] == left["+14155550101"] == {"from_host": "x.example"} and left["+14155550102"] == {"media_encryption": "allow"}
    assert left["+14155550103"]["media_encryption"] == "require"


def test_a_newer_database_is_refused(db):
    db.q("insert into trunkd.schema_version (number, name, checksum) values (9999, '9999_future', 'x')")
    for arguments in (["migrate"], ["migrate", "--status"]):
        done = trunkctl(db, *arguments)
        assert done.code == 1
        assert done.err == (f"trunkctl: database {db.name} has schema 9999, which is newer than this trunkctl (schema {NEWEST}): "
                            "use the newer one\n")


def test_a_migration_with_another_text_is_refused(db):
    db.q("update trunkd.schema_version set checksum = 'x' where number = 1")
    done = trunkctl(db, "migrate")
    assert done.code == 1
    assert done.err == (f"trunkctl: migration 0001_base of database {db.name} is not the one that this trunkctl has: "
                        "it comes from another version\n")


def test_a_failing_migration_leaves_the_ones_before_it(empty):
    empty.q("create schema trunkd")
    done = trunkctl(empty, "migrate")
    assert (done.code, done.out) == (1, "")
    assert done.err == 'trunkctl: 0001_base: schema "trunkd" already exists\n'


def test_a_lock_that_is_held_for_a_while_is_tried_again(db):
    """Granting again changes nothing; recording it waits for the holder, gives up after two seconds and comes back."""
    grants = next(path.stem for path in pglib.SCHEMA if path.stem.endswith("_grants"))
    db.q("delete from trunkd.schema_version where name = %s", grants)
    holder = db.connect()
    holder.autocommit = False
    holder.cursor().execute("lock table trunkd.schema_version in share mode")
    release = threading.Timer(3.0, holder.rollback)
    release.start()
    begin = time.monotonic()
    done = trunkctl(db, "migrate")
    release.join()
    assert 2.9 < time.monotonic() - begin < 30
    assert (done.code, done.out) == (0, f"applied {grants}\n")
    assert done.err.splitlines() == [f"trunkctl: {grants} waits for a lock that somebody holds; trying again"]


def test_no_connection_is_one_sentence(cluster):
    class Nowhere:
        name = "x"

        class cluster:
            directory = "/nonexistent"
    done = trunkctl(Nowhere, "migrate")
    assert done.code == 1
    assert done.err.startswith("trunkctl: cannot connect to PostgreSQL: ") and done.err.count("\n") == 1


def test_a_database_can_be_named(empty):
    done = trunkctl(empty, "migrate", "--status", "-d", "postgres")
    assert done.out.startswith("database postgres has no schema trunkd")
    done = trunkctl(empty, "migrate", "--status", "--database", f"dbname={empty.name} application_name=x")
    assert done.out.startswith(f"database {empty.name} has no schema trunkd")


def test_version_and_help(empty):
    assert trunkctl(empty, "version").out.startswith("trunkctl ")
    assert trunkctl(empty, "--version").out == trunkctl(empty, "version").out
    whole = trunkctl(empty, "help")
    assert whole.code == 0 and "exit codes:" in whole.out
    assert trunkctl(empty).code == 1
    verbs = [line.split()[0] for line in whole.out.splitlines() if line.startswith("  ") and line[2].isalpha()]
    assert {"migrate", "seal", "version", "help"} <= set(verbs)
    for verb in verbs:
        help_text = trunkctl(empty, verb, "--help")
        assert help_text.code == 0 and help_text.out.startswith(f"usage: trunkctl {verb}") and "--help" in help_text.out
        assert trunkctl(empty, "help", verb).out == help_text.out


@pytest.mark.parametrize("arguments, sentence", [
    (["mirgate"], 'there is no verb "mirgate"; did you mean "migrate"? See trunkctl help'),
    (["zzzzzzzz"], 'there is no verb "zzzzzzzz"; see trunkctl help'),
    (["help", "zzz"], 'there is no verb "zzz"; see trunkctl help'),
    (["migrate", "--nope"], "migrate has no option --nope; see trunkctl migrate --help"),
    (["migrate", "-f", "x"], "migrate has no option -f; see trunkctl migrate --help"),
    (["migrate", "-d"], "option -d needs a value; see trunkctl migrate --help"),
    (["migrate", "now"], 'migrate cannot use "now"; usage: trunkctl migrate [--status]'),
])
def test_bad_command_lines(empty, arguments, sentence):
    done = trunkctl(empty, *arguments)
    assert (done.code, done.out, done.err) == (1, "", f"trunkctl: {sentence}\n")
