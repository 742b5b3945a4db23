"""The fixtures of tests/integration, with the real LiveKit behind them. Twilio stays simulated."""
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SUITE = HERE.parent / "integration"
sys.path.insert(0, str(SUITE))

import mixlib
import serverlib
import simlib

spec = importlib.util.spec_from_file_location("integration_fixtures", SUITE / "conftest.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)
cluster, db, world, crowd = fixtures.cluster, fixtures.db, fixtures.world, fixtures.crowd

SECOND_KEY, SECOND_SECRET = "secondkey", "second-secret-second-secret-second"


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Two projects: a server has no projects, so each is a server of its own. Skips everything where they cannot be built."""
    done = subprocess.run([str(HERE / "build")], stdout=subprocess.PIPE, text=True, env=os.environ)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip().removeprefix("skipped: "))
    assert done.returncode == 0, done.stdout
    s = serverlib.Servers(pathlib.Path(done.stdout.strip()), tmp_path_factory.mktemp("livekit"),
                          [(simlib.API_KEY, simlib.API_SECRET), (SECOND_KEY, SECOND_SECRET)])
    yield s
    s.stop()


@pytest.fixture(scope="module", autouse=True)
def real_livekit(servers):
    """Whoever starts a simulator gets its Twilio and the real LiveKit, with nothing in it."""
    class Real(mixlib.Mixed):
        def __init__(self, **options):
            super().__init__(servers, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simlib, "Sim", Real)
        yield
    servers.forget()
