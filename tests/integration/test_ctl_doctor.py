"""trunkctl doctor."""
import json
import re
import subprocess

import pytest
import yaml

import ctllib
from ctllib import number, settle, trunkctl
from test_ctl_verbs import ONE, THREE, TWO, fleet  # noqa: F401


def doctor(db, **environment):
    done = trunkctl(db, "doctor", **environment)
    assert done.err == "", done
    return done, {line[9:].split(": ")[0]: (line[:8].strip(), line[9:].split(": ", 1)[1]) for line in done.out.splitlines() if line[:8].strip() and ": " in line}


def test_doctor_finds_what_is_wrong_and_says_what_to_do(fleet):
    fleet.q("update trunkd.lease set holder = '', epoch = 0, expires_at = '-infinity'")
    done, said = doctor(fleet)
    assert done.code == 3 and said["daemon"] == ("error", "none has ever worked on this database") and "systemctl start trunkd" in done.out, done
    assert said["database"][0] == said["schema"][0] == said["clock"][0] == said["installation"][0] == "ok"
    assert said["keys"][0] == said["account main"][0] == said["project lk"][0] == "warning"
    fleet.q("update trunkd.lease set holder = 'one', epoch = 1, expires_at = clock_timestamp() + interval '1 minute'")
    fleet.q("insert into trunkd.seal_key (key_id, public_key) values ('k1', 'x')")
    fleet.q("insert into trunkd.account_status (name, last_scan_at) select n, clock_timestamp() from unnest(array['main', 'lk']) n "
            "on conflict (name) do update set last_scan_at = excluded.last_scan_at")
    settle(fleet, TWO)
    done, said = doctor(fleet)
    assert done.code == 0 and {level for level, _ in said.values()} <= {"ok", "unknown"} and "all is well" in done.out, done
    assert said["daemon"] == ("ok", "one works") and said["numbers active/UpToDate"] == ("ok", f"2, such as {ONE}")
    fleet.q("update trunkd.account_status set condition = 'CredentialsRefused', message = 'HTTP 401' where name = 'main'")
    settle(fleet, ONE, "corrupted", "CleanupRefused", "no")
    fleet.q("insert into trunkd.stray (account, kind, external_id) values ('main', 'twilio.trunk', 'TK1')")
    fleet.q("update trunkd.installation set database_name = 'another'")
    done, said = doctor(fleet)
    assert done.code == 3 and said["account main"] == ("error", "CredentialsRefused: HTTP 401") and said["strays"][0] == "warning"
    assert said["numbers corrupted/CleanupRefused"][0] == "error" and said["installation"][0] == "error"
    assert done.out.endswith("\n3 errors, 1 warning\n"), done


@pytest.mark.parametrize("status, reason, settled, level", [
    ("pending", "NoAgent", True, "warning"), ("pending", "NotConfigured", True, "error"), ("pending", "DriftLeft", True, "error"),
    ("pending", "SettingUp", False, "ok"), ("pending", "Updating", False, "ok"), ("active", "UpdateRefused", True, "warning"),
    ("active", "DriftLeft", True, "warning"), ("active", "Updating", False, "ok"), ("failed", "Refused", True, "error"),
])
def test_a_number_that_waits_for_somebody_is_not_well(fleet, status, reason, settled, level):
    settle(fleet, ONE, status, reason, settled=settled)
    _, said = doctor(fleet)
    assert said[f"numbers {status}/{reason}"] == (level, f"1, such as {ONE}") or (status, reason) == ("pending", "SettingUp")


def test_doctor_names_what_takes_the_calls_of_all(fleet):
    found = [{"kind": "livekit.inbound_trunk", "id": "ST_all", "name": "catch all"}, {"kind": "livekit.dispatch_rule", "id": "SDR_all", "name": None}]
    fleet.q("insert into trunkd.account_status (name, detail) values ('lk', %s)", json.dumps({"wildcards": found}))
    out = trunkctl(fleet, "doctor").out
    assert "warning  project lk: inbound trunk ST_all (catch all), which trunkd did not make, takes every call that no other trunk takes\n" in out
    assert "         give it the numbers it is for, or delete it" in " ".join(out.split(" ")) and "dispatch rule SDR_all, which" in out
    fleet.q("update trunkd.account_status set detail = '{}'")
    assert "ST_all" not in trunkctl(fleet, "doctor").out


def test_doctor_looks_at_the_configuration_and_the_schema(fleet, tmp_path, monkeypatch):
    for text, level in (("log_level: info\n", "ok"), ("log_levle: info\n", "error")):
        path = tmp_path / "trunkd.yaml"
        path.write_text(text)
        done = ctllib.finish(subprocess.Popen([str(ctllib.BUILD / "trunkctl"), "doctor"], env={**ctllib.environment(fleet), "TRUNKD_CONFIG": str(path)},
                                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert re.search(f"^{level} +configuration: {path}$", done.out, re.M) and "\n\n\n" not in done.out, done
    assert re.search(f'^ {{11}}mend what is wrong with it:\n {{11}}{path}:1:1: .*did you mean "log_level"', done.out, re.M), done
    assert not re.search(r"^(?!ok|warning|error|unknown| {11}|\d+ error|$)", done.out, re.M), done
    fleet.q("delete from trunkd.schema_version where number = (select max(number) from trunkd.schema_version)")
    done, said = doctor(fleet)
    assert said["schema"][0] == "error" and "trunkctl migrate brings it up to date" in done.out and "daemon" not in said


@pytest.mark.parametrize("state, level, remedy", [
    ("active", "ok", ""), ("activating", "ok", ""), ("failed", "error", "journalctl -u trunkd says why"), ("inactive", "unknown", "systemctl enable --now trunkd"),
])
def test_doctor_asks_systemd_for_the_unit(fleet, tmp_path, monkeypatch, state, level, remedy):
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\n[ "$*" = "is-active trunkd.service" ] && echo {state}\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done, said = doctor(fleet)
    assert said["unit trunkd.service"] == (level, state) and remedy in done.out, done


@pytest.mark.parametrize("apart, words", [("-1 minute", "ahead of"), ("1 minute", "behind"), ("2 seconds", None)])
def test_doctor_compares_the_clocks(fleet, monkeypatch, apart, words):
    fleet.q("create schema another_clock")
    fleet.q(f"create function another_clock.clock_timestamp() returns timestamptz language sql as $$select pg_catalog.clock_timestamp() + interval '{apart}'$$")
    fleet.q(f"alter database {fleet.name} set search_path = another_clock, pg_catalog")
    done, said = doctor(fleet)
    if words:
        assert said["clock"][0] == "warning" and re.fullmatch(rf"(59|6[0-9]) s {words} that of the database", said["clock"][1]), done
        assert "let both machines keep the time" in done.out
    else:
        assert said["clock"] == ("ok", "agrees with that of the database"), done


@pytest.mark.parametrize("form, read", [("json", json.loads), ("yaml", yaml.safe_load)])
def test_doctor_tells_programs_the_same(fleet, form, read):
    settle(fleet, ONE, "corrupted", "CleanupRefused", "no")
    fleet.q("update trunkd.lease set expires_at = clock_timestamp() - interval '1 s'")
    text, said = doctor(fleet)
    done = trunkctl(fleet, "doctor", "-o", form)
    documents = read(done.out)
    assert done.code == text.code == 3 and {d["what"]: (d["level"], d["words"]) for d in documents} == said
    assert next(d for d in documents if d["what"] == "daemon")["remedy"] in text.out


def test_doctor_says_when_there_is_no_database(fleet):
    done = trunkctl(fleet, "doctor", "-d", "dbname=there_is_none")
    assert done.code == 3 and re.search('^error +database: .*"there_is_none" does not exist', done.out, re.M), done
    assert "say which one: -d, or PGHOST, PGDATABASE and PGUSER as for psql" in done.out and "schema" not in done.out


def test_doctor_and_diff_work_for_those_who_manage_numbers(fleet):
    fleet.q("create role desk_of_tests login in role trunkd_app")
    try:
        assert trunkctl(fleet, "doctor", user="desk_of_tests").code == 0
        done = trunkctl(fleet, "diff", "-f", "-", stdin=number(THREE, agent="sales"), user="desk_of_tests")
        assert done.code == 2, done
        assert trunkctl(fleet, "export", user="desk_of_tests").code == 0
    finally:
        fleet.q("drop role desk_of_tests")
