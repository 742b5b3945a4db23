"""The fixtures of tests/integration; and the packages of npm, a simulator with the SDKs pointed at it, Prism."""
import importlib.util
import pathlib
import sys

import pytest

SUITE = pathlib.Path(__file__).resolve().parents[1] / "integration"
sys.path.insert(0, str(SUITE))

import nodelib  # noqa: E402
import prismlib  # noqa: E402
import simlib  # noqa: E402
from daemonlib import wait_for  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What cannot be tested here is one line, however many tests it is."""
    report = (yield).get_result()
    if report.skipped and isinstance(report.longrepr, tuple) and "skipped: " in report.longrepr[2]:
        report.longrepr = ("tests/conformance", None, report.longrepr[2])


def pytest_collection_modifyitems(config, items):
    """What test_prism_suite.py leaves out is no test of it."""
    mine = [item for item in items if item.path.name == "test_prism_suite.py"]
    patterns = getattr(mine[0].module, "LEFT_OUT") if mine else ()
    out = {item: pattern for item in mine for pattern in patterns if pattern in item.name}
    if not config.option.keyword and not any("::" in argument for argument in config.args):
        assert set(out.values()) == set(patterns), set(patterns) - set(out.values())
    if out:
        config.hook.pytest_deselected(items=list(out))
    items[:] = [item for item in items if item not in out]


spec = importlib.util.spec_from_file_location("integration_fixtures", SUITE / "conftest.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)
cluster, db, world, crowd = fixtures.cluster, fixtures.db, fixtures.world, fixtures.crowd
plain = world           # of a file that has another one of that name


@pytest.fixture(scope="session")
def node_modules():
    try:
        return nodelib.install()
    except nodelib.CannotBeHad as why:
        pytest.skip(f"skipped: {why}")


@pytest.fixture(scope="session")
def prism(node_modules, tmp_path_factory):
    p = prismlib.Prism(node_modules, tmp_path_factory.mktemp("prism"))
    try:
        p.wait_ready(wait_for)
        yield p
    finally:
        p.close()


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
