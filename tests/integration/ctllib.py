"""trunkctl as a person runs it: a process, its exit code, what it prints.

    def test_something(db):
        done = trunkctl(db, "get", "numbers")
        assert done.code == 0 and "+14155551234" in done.out
"""
import json
import os
import pathlib
import subprocess
import uuid
from collections import namedtuple

import pglib

BUILD = pathlib.Path(os.environ.get("TRUNKD_BUILDDIR") or pglib.SOURCES / "build" / "test")
DONE, ERROR, PENDING, REFUSED, TIMED_OUT = range(5)

Done = namedtuple("Done", "code out err")


def environment(db, user="postgres"):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG") and not k.startswith("TRUNKD_")}
    return {**kept, "PGHOST": db.cluster.directory, "PGDATABASE": db.name, "PGUSER": user, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


def start(db, *arguments, user="postgres", **popen):
    return subprocess.Popen([str(BUILD / "trunkctl"), *map(str, arguments)], env=environment(db, user), text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)


def finish(process, stdin="", timeout=60):
    out, err = process.communicate(stdin, timeout=timeout)
    return Done(process.returncode, out, err)


def trunkctl(db, *arguments, stdin="", user="postgres", timeout=60, **popen):
    return finish(start(db, *arguments, user=user, **popen), stdin, timeout)


def daemon_works(db):
    """As far as the database knows."""
    db.q("update trunkd.lease set holder = 'one', epoch = 1, expires_at = clock_timestamp() + interval '1 hour'")


def empty_database(cluster):
    """A database without our schema."""
    name = "e" + uuid.uuid4().hex[:12]
    cluster.execute(f"create database {name}")
    return pglib.Db(cluster, name)


ACCOUNTS = """
apiVersion: trunkd/v1
kind: LiveKitProject
metadata: { name: lk }
spec: { url: "https://lk.livekit.cloud", apiKey: APIkey, secret: file:account/lk, sipHost: lk.sip.livekit.cloud }
---
apiVersion: trunkd/v1
kind: TwilioAccount
metadata: { name: main }
spec: { accountSid: AC00000000000000000000000000000001, secret: file:account/main, livekitProject: lk }
"""


def agent(name, **spec):
    return document("Agent", name, {"dispatchName": name + "-agent", **spec})


def number(name, **spec):
    return document("PhoneNumber", name, {"twilioAccount": "main", **spec})


def document(kind, name, spec, labels=None):
    """JSON is YAML."""
    metadata = {"name": name, **({"labels": labels} if labels else {})}
    return "---\n" + json.dumps({"apiVersion": "trunkd/v1", "kind": kind, "metadata": metadata, "spec": spec}) + "\n"


def apply(db, *documents, **options):
    done = trunkctl(db, "apply", "-f", "-", *options.pop("arguments", []), stdin="".join(documents), **options)
    return done


def settle(db, phone_number, status="active", reason="UpToDate", message="", settled=True, leftovers=()):
    """What the daemon writes when it has looked at a number."""
    db.q("""insert into trunkd.number_status (phone_number, status, reason, message, settled, observed_generation, leftovers)
            values (%s, %s, %s, %s, %s, (select generation from trunkd.phone_number where phone_number = %s), %s)
            on conflict (phone_number) do update
            set (status, reason, message, settled, observed_generation, leftovers)
              = (excluded.status, excluded.reason, excluded.message, excluded.settled, excluded.observed_generation, excluded.leftovers)""",
         phone_number, status, reason, message, settled, phone_number, json.dumps(list(leftovers)))
    db.q("delete from trunkd.dirty")
