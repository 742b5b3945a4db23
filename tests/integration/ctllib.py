"""trunkctl as a person runs it: a process, its exit code, what it prints.

    def test_something(db):
        done = trunkctl(db, "get", "numbers")
        assert done.code == 0 and "+14155551234" in done.out
"""
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


def empty_database(cluster):
    """A database without our schema."""
    name = "e" + uuid.uuid4().hex[:12]
    cluster.execute(f"create database {name}")
    return pglib.Db(cluster, name)
