"""The tarball, of which people build who have no git: it has everything, and can be built beside a source that nobody may write to."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(os.environ["TRUNKD_SRCDIR"])


def test_the_tarball_builds_passes_its_tests_installs_and_uninstalls(tmp_path):
    done = subprocess.run(["sh", "-c", '"$0"/configure -q && make -s -j"$(nproc)" distcheck', str(TOP)], cwd=tmp_path, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600)
    assert done.returncode == 0 and "ready for distribution" in done.stdout, done.stdout[-4000:]
