"""Fixtures that every test may ask for: cluster (one for the whole run) and db (a fresh database with the schema)."""
import pytest

import pglib
import worldlib


@pytest.fixture(scope="session")
def cluster():
    c = pglib.Cluster()
    yield c
    c.remove()


@pytest.fixture
def db(cluster):
    d = cluster.database()
    yield d
    d.drop()


@pytest.fixture
def world(db, tmp_path):
    """Database, simulator and daemon, with the account "main"; the daemon is not started yet."""
    w = worldlib.World(db, tmp_path)
    try:
        w.account("main")
        yield w
    finally:
        w.close()


@pytest.fixture
def crowd(db, tmp_path):
    """The same without any account: for tests that make many."""
    w = worldlib.World(db, tmp_path)
    try:
        yield w
    finally:
        w.close()
