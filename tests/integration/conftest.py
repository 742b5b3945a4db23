"""Fixtures that every test may ask for: cluster (one for the whole run) and db (a fresh database with the schema)."""
import pytest

import pglib


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
