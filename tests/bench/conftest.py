"""A PostgreSQL for the smoke of the benches."""
import pytest

import benchlib


@pytest.fixture(scope="session")
def cluster():
    c = benchlib.pglib.Cluster()
    yield c
    c.remove()
