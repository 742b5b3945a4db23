"""A private PostgreSQL cluster for tests: one per run, a fresh migrated database per test, a Unix socket and nothing else.

    def test_something(db):
        db.q("insert into trunkd.agent (name, dispatch_name) values (%s, %s)", "support", "support-agent")
        assert db.one("select count(*) from trunkd.agent") == 1
        with db.connect(role="trunkd_app") as app: ...

TRUNKD_TEST_PGBIN names another PostgreSQL's bin directory.
"""
import glob
import json
import os
import pathlib
import pwd
import random
import shutil
import subprocess
import tempfile
import uuid

import psycopg2
import psycopg2.extras

SOURCES = pathlib.Path(os.environ.get("TRUNKD_SRCDIR") or pathlib.Path(__file__).resolve().parents[2])
SCHEMA = sorted((SOURCES / "sql" / "schema").glob("[0-9][0-9][0-9][0-9]_*.sql"))
QUERIES = {p.stem: p.read_text() for p in sorted((SOURCES / "sql" / "queries").glob("*.sql"))}


def bindir():
    named = os.environ.get("TRUNKD_TEST_PGBIN")
    if named:
        return named
    tool = shutil.which("pg_config")
    found = [subprocess.run([tool, "--bindir"], capture_output=True, text=True).stdout.strip()] if tool else []
    found += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: float(p.split("/")[4]), reverse=True)
    for directory in found:
        if os.path.exists(directory + "/initdb"):
            return directory
    raise RuntimeError("PostgreSQL's server programs (initdb) are not installed")


class Cluster:
    """Started by the first test that needs it, stopped and removed at the end of the run."""

    def __init__(self):
        self.bin = bindir()
        self.directory = tempfile.mkdtemp(prefix="trunkd-pg-", dir="/tmp")      # short: the socket's path has a limit
        self.data = self.directory + "/data"
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            self.user = "postgres" if any(u.pw_name == "postgres" for u in pwd.getpwall()) else "nobody"
            shutil.chown(self.directory, self.user)
        os.chmod(self.directory, 0o755)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()
        self.template = None

    def run(self, program, *arguments):
        command = [self.bin + "/" + program, *arguments]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid", self.user, "--regid", str(pwd.getpwnam(self.user).pw_gid), "--clear-groups", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.directory, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        options = (f"-c listen_addresses= -c unix_socket_directories={self.directory} -c fsync=off -c max_connections=60 "
                   "-c shared_buffers=64MB -c log_min_messages=warning -c max_wal_size=4GB")
        self.run("pg_ctl", "-D", self.data, "-o", options, "-l", self.directory + "/log", "-w", "start")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def remove(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def connect(self, database="postgres", user="postgres"):
        c = psycopg2.connect(host=self.directory, dbname=database, user=user)
        c.autocommit = True
        return c

    def execute(self, statement):
        c = self.connect()
        try:
            c.cursor().execute(statement)
        finally:
            c.close()

    def database(self):
        """A fresh database with the schema in it."""
        if self.template is None:
            self.execute("create database trunkd_template")
            migrate(Db(self, "trunkd_template"))
            self.template = "trunkd_template"
        name = "t" + uuid.uuid4().hex[:12]
        self.execute(f"create database {name} template trunkd_template")
        db = Db(self, name)
        tag = "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=8))     # as if it had been migrated by itself
        db.q("update trunkd.installation set database_name = current_database(), tag = %s", tag)
        return db


def migrate(db):
    """What `trunkctl migrate` does, see sql/schema/README."""
    for path in SCHEMA:
        c = db.connect()
        c.autocommit = False
        cursor = c.cursor()
        text = path.read_text()
        cursor.execute(QUERIES["migrate_lock"])
        try:
            cursor.execute(text)
        except psycopg2.Error as error:
            raise RuntimeError(f"{path.name}: {error}") from None
        cursor.execute("prepare record as " + QUERIES["migrate_record"])
        cursor.execute("execute record (%s, %s, %s)", (int(path.name[:4]), path.stem, text))
        c.commit()
        c.close()


class Db:
    """One database. q() and one() use one connection of the owner's, with autocommit."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.connections = []
        self.main = None

    @property
    def env(self):
        """For programs that use libpq."""
        return {"PGHOST": self.cluster.directory, "PGDATABASE": self.name, "PGUSER": "postgres"}

    def connect(self, role=None):
        """Another session; with a role, it has that role's rights and no others."""
        c = self.cluster.connect(self.name)
        if role:
            c.cursor().execute(f"set session authorization {role}")
        self.connections.append(c)
        return c

    def q(self, statement, *values):
        """Rows as tuples; [] for a statement that has none."""
        if self.main is None or self.main.closed:
            self.main = self.connect()
        return q(self.main, statement, *values)

    def one(self, statement, *values):
        """The only column of the only row, or the row when it has several; None when there is none."""
        return only(self.q(statement, *values))

    def close(self):
        for c in self.connections:
            c.close()

    def drop(self):
        self.close()
        self.cluster.execute(f"drop database {self.name} with (force)")


def q(connection, statement, *values):
    cursor = connection.cursor()
    cursor.execute(statement, values or None)
    return cursor.fetchall() if cursor.description else []


def only(rows):
    assert len(rows) <= 1, rows
    if not rows:
        return None
    return rows[0][0] if len(rows[0]) == 1 else rows[0]


def one(connection, statement, *values):
    return only(q(connection, statement, *values))


def named(connection, name, *values):
    """Runs a statement of sql/queries as the programs do: prepared."""
    cursor = connection.cursor()
    cursor.execute("select 1 from pg_prepared_statements where name = %s", (name,))
    if not cursor.fetchall():
        cursor.execute(f"prepare {name} as {QUERIES[name]}")
    values = [json.dumps(v) if isinstance(v, (dict, list)) else v for v in values]
    cursor.execute(f"execute {name}" + (" (" + ", ".join(["%s"] * len(values)) + ")" if values else ""), values or None)
    return cursor.fetchall() if cursor.description else []


def base_rows(db):
    """The smallest world: an account, its project, an agent."""
    db.q("""insert into trunkd.livekit_project (name, url, api_key, secret, sip_host)
            values ('lk', 'https://lk.livekit.cloud', 'APIkey', 'file:account/lk', 'lk.sip.livekit.cloud')""")
    db.q("""insert into trunkd.twilio_account (name, account_sid, secret, livekit_project)
            values ('main', 'AC00000000000000000000000000000001', 'file:account/main', 'lk')""")
    db.q("insert into trunkd.agent (name, dispatch_name) values ('support', 'support-agent'), ('sales', 'sales-agent')")
