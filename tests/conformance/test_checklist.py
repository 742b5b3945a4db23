"""Every item of the notes on what a stand-in must reproduce names its tests, and they exist."""
import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parents[1]
ITEMS = [line for line in (TESTS / "conformance" / "checklist").read_text().splitlines() if line and not line.startswith("#")]


def test_every_item_names_tests_that_exist():
    text = "\n".join(path.read_text() for pattern in ("unit/test_*.c", "integration/test_*.py", "conformance/test_*.py", "livekit/test_*.py") for path in TESTS.glob(pattern))
    there = set(re.findall(r"^(?:static void|def) (test_\w+)\(", text, re.M))
    for item in ITEMS:
        what, shown = item.split("|")
        assert re.match(r"(twilio|livekit) +\S", what), item
        missing = [name for name in shown.split() if name not in there]
        assert shown.split() and not missing, (what, missing)
    assert len(ITEMS) >= 35
