"""The same LiveKit requests, errors included, to the simulator and to the real server: equal answers."""
import os
import pathlib
import subprocess
import sys

import pytest

import samelib
import simlib

LANE = pathlib.Path(__file__).resolve().parents[1] / "livekit"
sys.path.append(str(LANE))

import serverlib  # noqa: E402


@pytest.fixture(scope="module")
def real_url(tmp_path_factory):
    done = subprocess.run([str(LANE / "build")], stdout=subprocess.PIPE, text=True, env=os.environ)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout
    servers = serverlib.Servers(pathlib.Path(done.stdout.strip()), tmp_path_factory.mktemp("livekit"), [(simlib.API_KEY, simlib.API_SECRET)])
    yield servers[0].url
    servers.stop()


def test_the_simulator_answers_as_the_real_server(sim, real_url):
    found = samelib.differences(samelib.play(sim.livekit_url), samelib.play(real_url))
    assert not found, "\n".join(found)


def test_a_difference_is_noticed(sim):
    first = samelib.play(sim.livekit_url)
    with simlib.Sim(seed=2) as other:
        other.add_account()
        other.add_project()
        assert samelib.differences(first, samelib.play(other.livekit_url)) == []
    with simlib.Sim() as other:
        other.add_account()
        other.add_project()
        other.config(livekit_drops_media=True)
        assert samelib.differences(first, samelib.play(other.livekit_url))
