"""The Debian package, from the source to a daemon that works, in a system that has nothing of ours (TRUNKD_TEST_ROOT, made by `get`). The
tests stand in the order in which a person would do it: each needs those before."""
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import time

import pytest

TOP = pathlib.Path(os.environ["TRUNKD_SRCDIR"])
ROOT = pathlib.Path(os.environ["TRUNKD_TEST_ROOT"])
POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def inside(*command):
    """A command in the fresh system; whatever it starts ends with it."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={ROOT}/proc", "chroot", str(ROOT), "/usr/bin/env", "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *map(str, command)]


def end(process):
    """unshare does not hear SIGTERM while it waits; what it started ends with it."""
    process.kill()
    process.wait(30)


def run(*command, timeout=300):
    done = subprocess.run(inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Built, and clean for lintian: build-deb fails otherwise."""
    folder = tmp_path_factory.mktemp("deb")
    done = subprocess.run([str(TOP / "contrib" / "packaging" / "build-deb"), str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:]
    found, = folder.glob("trunkd_*.deb")
    return found


@pytest.fixture(scope="module")
def installed(package):
    """Beside PostgreSQL, of which nothing runs yet."""
    shutil.copy(package, ROOT / "tmp" / "trunkd.deb")
    run("apt-get", "-qq", "update")
    run("apt-get", "-qq", "-y", "--no-install-recommends", "install", "/tmp/trunkd.deb", "postgresql", timeout=600)


@pytest.fixture(scope="module")
def cluster(installed):
    """PostgreSQL of the fresh system, running, on a socket of its own alone: its port is free on this machine or not."""
    version, = os.listdir(ROOT / "etc" / "postgresql")
    server = subprocess.Popen(inside(*POSTGRES, f"/usr/lib/postgresql/{version}/bin/postgres", "-D", f"/var/lib/postgresql/{version}/main",
                                     "-c", f"config_file=/etc/postgresql/{version}/main/postgresql.conf", "-c", "port=5432", "-c", "listen_addresses="),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not (ROOT / "run" / "postgresql" / ".s.PGSQL.5432").exists():
            assert server.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        yield
    finally:
        end(server)


def mode(path):
    """As a person reads it in the fresh system."""
    return run("stat", "-c", "%a %U:%G", path).strip()


def test_the_package_lays_out_etc_and_makes_a_user_and_a_key(installed):
    assert mode("/etc/trunkd") == "750 root:trunkd"
    assert mode("/etc/trunkd/trunkd.yaml") == "640 root:trunkd"
    for folder in ("keys", "secrets", "secrets/account", "secrets/sip"):
        assert mode(f"/etc/trunkd/{folder}") == "700 trunkd:trunkd"
    assert mode("/etc/trunkd/keys/1") in ("400 trunkd:trunkd", "600 trunkd:trunkd")
    assert "/nonexistent:/usr/sbin/nologin" in run("getent", "passwd", "trunkd")
    assert run("trunkd", "--check") == "configuration OK\n"


def test_the_package_has_unit_manual_completion_and_schema(installed):
    files = set(run("dpkg", "-L", "trunkd").split())
    assert {"/lib/systemd/system/trunkd.service", "/usr/lib/systemd/catalog/trunkd.catalog", "/usr/share/man/man1/trunkctl.1.gz",
            "/usr/share/man/man1/trunkd-sim.1.gz", "/usr/share/man/man8/trunkd.8.gz", "/usr/share/man/man5/trunkd.conf.5.gz", "/usr/share/man/man5/trunkd-manifest.5.gz",
            "/usr/share/man/man7/trunkd-sql.7.gz", "/usr/share/bash-completion/completions/trunkctl", "/usr/share/zsh/vendor-completions/_trunkctl",
            "/usr/share/trunkd/manifest.schema.json", "/usr/share/doc/trunkd/README.Debian"} <= files
    assert not [path for path in files if path.startswith("/usr/local")]
    unit = (ROOT / "lib" / "systemd" / "system" / "trunkd.service").read_text()
    assert re.search(r"^ExecStart=(\S+)", unit, re.M).group(1) in files


def test_what_the_package_says_about_the_first_start_is_true(cluster):
    text = (ROOT / "usr" / "share" / "doc" / "trunkd" / "README.Debian").read_text()
    commands = re.findall(r"^    sudo -u postgres (.*)$", text, re.M)
    assert [line.split()[0] for line in commands] == ["createdb", "trunkctl", "psql"]
    for line in commands:
        run(*POSTGRES, "sh", "-c", line)
    assert run(*POSTGRES, "trunkctl", "migrate", "-d", "dbname=trunkd") and run(*POSTGRES, "trunkctl", "migrate", "--status", "-d", "dbname=trunkd")


def test_the_daemon_starts_as_the_unit_starts_it(cluster):
    unit = (ROOT / "lib" / "systemd" / "system" / "trunkd.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1).split()
    path = ROOT / "run" / "trunkd-notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        path.chmod(0o666)
        daemon = subprocess.Popen(inside("NOTIFY_SOCKET=/run/trunkd-notify", "setpriv", "--reuid=trunkd", "--regid=trunkd", "--clear-groups", *command),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            told, logged, until = b"", b"", time.monotonic() + 30
            while (b"READY=1" not in told or b"took it, epoch 1" not in logged) and time.monotonic() < until:
                ready, _, _ = select.select([notify, daemon.stdout], [], [], 0.2)
                told += notify.recv(4096) + b"\n" if notify in ready else b""
                logged += os.read(daemon.stdout.fileno(), 4096) if daemon.stdout in ready else b""
            assert b"READY=1" in told and b"took it, epoch 1" in logged, (told, logged)
        finally:
            end(daemon)
    path.unlink()


def test_an_update_keeps_the_key_and_asks_for_nothing(installed):
    key = (ROOT / "etc" / "trunkd" / "keys" / "1").read_bytes()
    run("dpkg", "-i", "/tmp/trunkd.deb")
    assert os.listdir(ROOT / "etc" / "trunkd" / "keys") == ["1"] and (ROOT / "etc" / "trunkd" / "keys" / "1").read_bytes() == key
    assert mode("/etc/trunkd/trunkd.yaml") == "640 root:trunkd"


def test_purging_leaves_the_key_and_nothing_else(installed):
    run("dpkg", "--purge", "trunkd")
    left = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "etc" / "trunkd").rglob("*"))
    assert left == ["etc/trunkd/keys", "etc/trunkd/keys/1"]
