"""Fixtures that every test may ask for: cluster (one for the whole run) and db (a fresh database with the schema)."""
import pathlib

import pytest

import pglib
import switches
import worldlib

HERE = pathlib.Path(__file__).resolve().parent


def pytest_collection_modifyitems(config, items):
    """Under a profile of switches what is about a standard setting is no test."""
    out, idle = switches.left_out([item.nodeid for item in items])
    all_of_them = {path.name for path in HERE.glob("test_e2e_*.py")} <= {item.path.name for item in items}
    assert not idle or not all_of_them, idle
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in out])
    items[:] = [item for item in items if item.nodeid not in out]


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
