"""contrib/quickstart: its verbs, and that what README says can be typed where it runs. Its real calls are in tests/livekit."""
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

import pytest

import pglib
from daemonlib import wait_for
from quicklib import LOOPBACK, Quickstart

README = (pglib.SOURCES / "README").read_text()


@pytest.fixture
def quickstart(tmp_path):
    q = Quickstart(tmp_path / "place")
    yield q
    q("stop")


def type_in(quickstart, command):
    """In a shell that has read the quickstart's env."""
    done = subprocess.run(["/bin/bash", "-c", f'. "$TRUNKD_QUICKSTART/env"; {command}'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=90, env=quickstart.environment, cwd=quickstart.place)
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def pid_of(quickstart, program):
    return int((quickstart.place / "run" / f"{program}.pid").read_text().split()[0])


def section(heading):
    return re.search(rf"^{heading}\n-+\n(.*?)\n\S[^\n]*\n-+\n", README, re.S | re.M).group(1)


def commands():
    """What "The manifest way" lets a person type, one line each, without what is said beside it; one that never ends is left out."""
    found = [re.split("  +", line)[0] for line in re.findall(r"^    (trunkctl .*)$", section("The manifest way"), re.M)]
    return [command.replace("numbers/", '"$TRUNKD_QUICKSTART/manifests"') for command in found if not command.endswith("-w")]


def statements(heading="The SQL way"):
    return re.findall(r"^    ((?:insert|select|update|delete) [^;]*;)", section(heading), re.S | re.M)


def test_what_readme_says_can_be_typed(quickstart):
    done = quickstart()
    assert done.returncode == 0 and ": the same" in done.stdout, done.stdout
    numbers = re.search(r"(\+\d+) \.\.\. (\+\d+) can be used", done.stdout)
    assert numbers.groups() == ("+14155550100", "+14155550299") and all(number in README for number in numbers.groups())
    with urllib.request.urlopen(re.search(r"http://127\.0\.0\.1:\d+/", done.stdout)[0], timeout=20) as page:
        assert page.status == 200 and b"<html" in page.read().lower()
    assert quickstart.listening() == {LOOPBACK}
    for page in "man1/trunkctl.1", "man8/trunkd.8", "man5/trunkd.conf.5", "man7/trunkd-sql.7":
        assert pathlib.Path(type_in(quickstart, "echo ${MANPATH%%:*}").strip(), page).exists()

    typed = statements()
    assert len(typed) == 4
    for statement in typed:
        said = type_in(quickstart, f'psql -X -v ON_ERROR_STOP=1 -c "{statement}"')
        number = re.search(r"\+1\d+", statement)
        if statement.startswith(("insert", "update")):
            assert re.search(r"active +UpToDate", type_in(quickstart, f"trunkctl wait {number[0]}")), said
        elif number:
            type_in(quickstart, f"trunkctl wait {number[0]} --for gone")
    typed = commands()
    assert len(typed) > 6
    for command in typed:
        type_in(quickstart, command + (" || [ $? -eq 2 ]" if command.split()[1] in ("diff", "plan") else ""))

    secret = quickstart.place / "etc" / "secrets" / "sip" / "carrier"
    secret.touch(0o600)
    secret.write_text("secret")
    path = quickstart.place / "etc" / "trunkd.yaml"
    path.write_text(path.read_text().replace("allowed_origins: [", 'allowed_origins: ["sip.carrier.example", '))
    os.kill(pid_of(quickstart, "trunkd"), signal.SIGHUP)
    statement, = statements("Numbers of other carriers")
    (quickstart.place / "carrier.sql").write_text(statement)
    type_in(quickstart, "psql -X -v ON_ERROR_STOP=1 -f carrier.sql && trunkctl wait +4930123456 --for active")
    done = quickstart("check")
    assert done.returncode == 0 and ": the same" in done.stdout, done.stdout
    type_in(quickstart, re.search(r'^    (trunkctl rotate \S+ --why ".*?")', section("Rotation"), re.M).group(1))
    # While the old credential is still there nothing differs but that it is not done.
    count = """psql -X -A -t -c "select count(*) from trunkd.read_resource where kind = 'twilio.credential' and known = 'live'\""""
    wait_for("the second credential", lambda: type_in(quickstart, count).strip() == "2")
    wait_for("the new password", lambda: "is still being worked on" in (told := quickstart("check").stdout) and " is \"" not in told and "the password" not in told)


def test_restart_is_of_trunkd_alone_and_the_dead_are_told(quickstart):
    assert quickstart("stop").stdout.endswith("nothing runs here\n")
    done = quickstart("restart")
    assert done.returncode == 1 and "nothing runs here" in done.stdout
    assert quickstart().returncode == 0
    trunkd, others = pid_of(quickstart, "trunkd"), {program: pid_of(quickstart, program) for program in ("trunkd-sim",)}
    done = quickstart("restart")
    assert done.returncode == 0 and "it was not running" not in done.stdout, done.stdout
    assert pid_of(quickstart, "trunkd") != trunkd and not os.path.exists(f"/proc/{trunkd}/exe")
    assert {program: pid_of(quickstart, program) for program in others} == others
    done = quickstart("check")
    assert done.returncode == 0 and ": the same" in done.stdout and "does not run" not in done.stdout, done.stdout

    def kill():
        pid = pid_of(quickstart, "trunkd")
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/exe"))

    kill()
    assert "trunkd does not run any more" in quickstart("check").stdout
    began = time.monotonic()
    done = quickstart("restart")
    assert done.returncode == 0 and "it was not running any more" in done.stdout, done.stdout
    assert time.monotonic() - began < 40
    kill()
    done = quickstart("stop")
    assert done.returncode == 0 and "trunkd was not running any more" in done.stdout, done.stdout
    wait_for(lambda: f"the end of {quickstart.processes()}", lambda: not quickstart.processes())
    assert quickstart("stop").stdout.endswith("nothing runs here\n")


def test_help_names_every_verb(quickstart):
    done = quickstart("--help")
    assert done.returncode == 0 and all(verb in done.stdout for verb in ("--calls", "check", "restart", "stop")), done.stdout
    assert quickstart("nonsense").returncode == 2
