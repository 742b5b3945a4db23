"""Fixtures of the conformance lanes: the packages of npm, and one simulator with the SDKs pointed at it."""
import pathlib
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "integration")]

import nodelib  # noqa: E402
import simlib  # noqa: E402


@pytest.fixture(scope="session")
def node_modules():
    try:
        return nodelib.install()
    except nodelib.CannotBeHad as why:
        pytest.skip(f"skipped: {why}")


@pytest.fixture
def sim():
    with simlib.Sim() as s:
        s.add_account()
        s.add_project()
        yield s


@pytest.fixture(scope="session")
def sdk_sim(node_modules):
    """One for all tests with an SDK: what a test wants to be empty it resets."""
    with simlib.Sim() as s:
        yield s


@pytest.fixture(scope="session")
def sdk_process(node_modules, sdk_sim):
    sdks = nodelib.Sdks(node_modules, sdk_sim)
    yield sdks
    sdks.close()


@pytest.fixture
def sdk(sdk_process, sdk_sim):
    sdk_sim.reset()
    sdk_sim.add_account()
    sdk_sim.add_project()
    sdk_process.sim = sdk_sim
    return sdk_process
