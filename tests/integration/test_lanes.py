"""contrib/run-tests where a lane's means cannot be had: one line says so, and the rest counts."""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(os.environ["TRUNKD_SRCDIR"])


def test_without_go_the_livekit_lane_says_so_in_one_line_and_the_rest_counts(tmp_path):
    done = subprocess.run([str(TOP / "contrib" / "run-tests"), "lint", "livekit"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600, env={**os.environ, "GO": "/bin/false", "TRUNKD_LIVEKIT": str(tmp_path)})
    lines = done.stdout.splitlines()
    assert [line for line in lines if "Go 1.26" in line] == [line for line in lines if line.startswith("skipped: ")], done.stdout
    assert len([line for line in lines if line.startswith("skipped: ")]) == 1, done.stdout
    passed, = re.fullmatch(r"(\d+) passed, \d+ failed", lines[-1]).groups()
    assert int(passed) > 0 and "livekit" not in "".join(line for line in lines if line.startswith("FAILED")), done.stdout
