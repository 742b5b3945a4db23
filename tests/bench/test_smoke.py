"""Every bench comes to its end and measures something, in small; how fast it was is nobody's business here."""
import types

import pytest

import benchlib
from benches import BENCHES


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_measures_something(cluster, name):
    run = benchlib.Run(cluster, types.SimpleNamespace(numbers=25, sdk=False))
    BENCHES[name](run)
    assert run.figures and all(value >= 0 for value, _, _ in run.figures.values())
    assert "25: " in benchlib.table(name, [run.figures]) or name in benchlib.table(name, [run.figures])


def test_a_table_shows_the_median_beside_the_goal():
    runs = [{"seconds": (value, "s", 2)} for value in (1.5, 30.0, 2.5)]
    assert benchlib.table("x", runs).splitlines()[1].split() == ["seconds", "1.5", "2.5", "30.0", "s", "<=", "2", "MISSED"]
