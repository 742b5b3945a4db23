"""What is compiled in: statements that do what their headers say, words that C and SQL share, migrations."""
import ctypes
import ctypes.util
import re

import psycopg2
import pytest

import pglib
from pglib import QUERIES, SCHEMA, SOURCES, named

NAMES = {"int4": 23, "int8": 20, "text": 25, "jsonb": 3802, "bool": 16}


def headers(text):
    params = re.findall(r"^-- param: (\d+) (\w+) ", text, re.M)
    returns = re.search(r"^-- returns: (.*)$", text, re.M)
    columns = [tuple(c.split()) for c in returns.group(1).split(", ")] if returns else []
    return [(int(n), t) for n, t in params], columns


@pytest.fixture(scope="module")
def libpq(cluster):
    """psycopg2 cannot describe a prepared statement; the library below it can."""
    library = ctypes.CDLL(ctypes.util.find_library("pq"))
    for name, result, arguments in [
            ("PQconnectdb", "p", "s"), ("PQprepare", "p", "pssip"), ("PQdescribePrepared", "p", "ps"), ("PQresultStatus", "i", "p"),
            ("PQresultErrorMessage", "s", "p"), ("PQnparams", "i", "p"), ("PQparamtype", "u", "pi"), ("PQnfields", "i", "p"),
            ("PQfname", "s", "pi"), ("PQftype", "u", "pi"), ("PQfinish", "n", "p"), ("PQclear", "n", "p")]:
        types = {"p": ctypes.c_void_p, "s": ctypes.c_char_p, "i": ctypes.c_int, "u": ctypes.c_uint, "n": None}
        function = getattr(library, name)
        function.restype = types[result]
        function.argtypes = [types[a] for a in arguments]
    db = cluster.database()
    connection = library.PQconnectdb(f"host={cluster.directory} dbname={db.name} user=postgres".encode())
    yield library, connection
    library.PQfinish(connection)
    db.drop()


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_statement_is_what_its_header_says(libpq, name):
    library, connection = libpq
    text = QUERIES[name]
    assert text.startswith(f"-- name: {name}\n-- purpose: ")
    params, columns = headers(text)
    assert [n for n, _ in params] == list(range(1, len(params) + 1))
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    assert body.endswith(";") and body.count(";") == 1, "one statement"
    assert "select *" not in body
    if name == "listen":
        return      # cannot be prepared by name, and takes and gives nothing
    prepared = library.PQprepare(connection, name.encode(), text.encode(), 0, None)
    assert library.PQresultStatus(prepared) == 1, library.PQresultErrorMessage(prepared)
    library.PQclear(prepared)
    described = library.PQdescribePrepared(connection, name.encode())
    assert [library.PQparamtype(described, n) for n in range(library.PQnparams(described))] == [NAMES[t] for _, t in params]
    assert [(library.PQfname(described, n).decode(), library.PQftype(described, n)) for n in range(library.PQnfields(described))] == [
        (c, NAMES[t]) for c, t in columns]
    library.PQclear(described)


def rows_of(file, macro):
    text = (SOURCES / "include" / "trunkd" / file).read_text()
    return re.findall(rf"^{macro}\((\w+), +(.*)\)$", text, re.M)


def test_kinds_are_the_same_in_c_and_sql(db):
    wanted = []
    for n, (_, rest) in enumerate(rows_of("kinds.def", "KIND")):
        name, owner, provider = [p.strip().strip('"') for p in rest.split(",")]
        wanted.append((n + 1, name, owner.lower(), provider.lower()))
    assert len(wanted) >= 9
    assert db.q("select set_up_order, name, owner_type, provider from trunkd.kind order by 1") == wanted


def test_reasons_are_the_same_in_c_and_sql(db):
    wanted = []
    for name, rest in rows_of("reasons.def", "REASON"):
        status, settled, remedy = re.match(r'(\w+), +(true|false), +"(.*)"$', rest).groups()
        wanted.append((name, status.lower(), settled == "true", remedy))
    assert len(wanted) >= 20
    assert sorted(db.q("select name, status, settled, remedy from trunkd.reason")) == sorted(wanted)


def test_settings_are_the_same_in_c_and_sql(db):
    wanted, readme = [], (SOURCES / "README").read_text()
    for document, rest in rows_of("settings.def", "SETTING"):
        key, _, kind, least, most, words, what = re.match(r'(\w+), (\w+), (\w+), (-?\d+), (-?\d+), "(.*?)", "(.+)"$', rest).groups()
        assert what.endswith(".") and re.search(rf"^      {key} +{re.escape(what)}", readme, re.M), key
        wanted.append((document, key, kind.lower(), *[None if n == "-1" else int(n) for n in (least, most)], words.split() or None))
    assert len(wanted) >= 17
    assert sorted(db.q("select document, key, type, least, most, one_of from trunkd.field")) == sorted(wanted)


def test_migrations_are_recorded_and_recognised(db):
    assert db.q("select number, name from trunkd.schema_version order by 1") == [(n + 1, p.stem) for n, p in enumerate(SCHEMA)]
    c = db.connect()
    assert named(c, "migrate_is_new") == [(False,)]
    for n, path in enumerate(SCHEMA):
        assert named(c, "migrate_applied", n + 1, path.read_text()) == [(path.stem, True)]
    assert named(c, "migrate_applied", 1, "something else") == [("0001_base", False)]
    assert named(c, "migrate_applied", 9999, "x") == []
    assert named(c, "schema_range") == [(1, 1)]
    level = re.search(r"^#define DAEMON_SCHEMA_LEVEL (\d+)$", (SOURCES / "include/trunkd/statements.h").read_text(), re.M)
    assert int(level.group(1)) == 1


def test_two_databases_of_one_cluster_share_the_roles(cluster):
    """Roles are the cluster's: the second installation finds them there, and two may be migrated at once."""
    cluster.execute("create database again")
    db = pglib.Db(cluster, "again")
    assert named(db.connect(), "migrate_is_new") == [(True,)]
    pglib.migrate(db)
    assert re.fullmatch("[a-z2-7]{8}", db.one("select tag from trunkd.installation"))
    [(tag, system, name, timeline, system_now, name_now, timeline_now)] = named(db.connect(role="trunkd_daemon"), "installation")
    assert (system, name, timeline) == (system_now, name_now, timeline_now) and name == "again" and timeline == 1
    db.drop()


def test_a_migration_waits_for_another_one_and_not_for_a_user(db):
    first, second = db.connect(), db.connect()
    first.autocommit = second.autocommit = False
    pglib.q(first, QUERIES["migrate_lock"])
    pglib.q(second, "set lock_timeout = '200ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        pglib.q(second, QUERIES["migrate_lock"])
    second.rollback()
    first.commit()
    user = db.connect(role="trunkd_app")
    user.autocommit = False
    pglib.q(user, "insert into trunkd.agent (name, dispatch_name) values ('a', 'b')")
    pglib.q(second, QUERIES["migrate_lock"])
    assert pglib.one(second, "show lock_timeout") == "2s"
    pglib.q(second, "set local lock_timeout = '100ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        pglib.q(second, "alter table trunkd.agent add column later text")


def test_the_words_of_a_newer_server_are_not_used():
    """PostgreSQL 13 is what we promise and 15 is what we run: what came in between is kept out by name."""
    newer = r"\b(merge into|security_invoker|nulls not distinct|create or replace trigger|begin atomic|bit_count|date_bin|trim_array|" \
            r"regexp_count|regexp_like|regexp_instr|regexp_substr|range_agg|multirange|unistr|string_to_table|split_part\([^)]*, -)"
    texts = [p.read_text() for p in SCHEMA] + list(QUERIES.values())
    assert len(texts) > 20
    for text in texts:
        assert not re.search(newer, text, re.I)
        assert not re.search(r"^\s*(begin|commit|rollback);", text, re.M | re.I), "a migration is one transaction, made by whoever applies it"
