"""trunkctl apply: rows from manifests, in one transaction, with every error in its place."""
import os
import pty
import subprocess
import threading
import time

import pytest

import ctllib
import pglib
from ctllib import ACCOUNTS, agent, apply, document, number, settle, trunkctl


@pytest.fixture(autouse=True)
def works(db):
    ctllib.daemon_works(db)

ONE, TWO, THREE = "+14155550100", "+14155550101", "+14155550102"


def lines(done):
    assert done.err == "", done
    return done.out.splitlines()


def test_created_changed_unchanged(db):
    first = apply(db, ACCOUNTS, agent("support"), number(ONE, agent="support"))
    assert lines(first) == ["LiveKitProject/lk created", "TwilioAccount/main created", "Agent/support created", f"PhoneNumber/{ONE} created"]
    assert first.code == 0
    generations = db.q("select generation from trunkd.phone_number union all select generation from trunkd.agent order by 1")
    db.q("delete from trunkd.dirty")
    again = apply(db, ACCOUNTS, agent("support"), number(ONE, agent="support"))
    assert lines(again) == ["LiveKitProject/lk unchanged", "TwilioAccount/main unchanged", "Agent/support unchanged", f"PhoneNumber/{ONE} unchanged"]
    assert db.q("select generation from trunkd.phone_number union all select generation from trunkd.agent order by 1") == generations
    assert db.one("select count(*) from trunkd.dirty") == 0
    changed = apply(db, agent("support", roomPrefix="x"), number(ONE, agent="support", label="Line"))
    assert lines(changed) == ["Agent/support changed", f"PhoneNumber/{ONE} changed"]
    assert db.one("select label from trunkd.phone_number") == "Line"


def test_a_key_that_is_not_written_means_its_default(db):
    apply(db, ACCOUNTS, agent("support", metadata="m", roomPrefix="p"),
          number(ONE, agent="support", label="Line", supportsInbound=False, supportsOutbound=True, takeover=True))
    assert lines(apply(db, agent("support"), number(ONE))) == ["Agent/support changed", f"PhoneNumber/{ONE} changed"]
    assert db.one("select (metadata, room_prefix)::text from trunkd.agent") == '("",call)'
    assert db.one("select (label, supports_inbound, supports_outbound, agent, takeover)::text from trunkd.phone_number") == '("",t,f,,f)'


def test_the_statements_use_the_defaults_of_the_columns(db):
    """A row that names required columns only is the same by trunkctl and by SQL."""
    apply(db, ACCOUNTS, agent("a"), document("Trunk", "t", {"twilioAccount": "main"}), number(ONE))
    rows = {table: db.one(f"select to_jsonb(t) from trunkd.{table} t") for table in
            ("livekit_project", "twilio_account", "agent", "trunk", "phone_number")}
    db.q("delete from trunkd.phone_number; delete from trunkd.trunk; delete from trunkd.agent; "
         "delete from trunkd.twilio_account; delete from trunkd.livekit_project")
    db.q("""insert into trunkd.livekit_project (name, url, api_key, secret, sip_host)
            values ('lk', 'https://lk.livekit.cloud', 'APIkey', 'file:account/lk', 'lk.sip.livekit.cloud')""")
    db.q("""insert into trunkd.twilio_account (name, account_sid, secret, livekit_project)
            values ('main', 'AC00000000000000000000000000000001', 'file:account/main', 'lk')""")
    db.q("insert into trunkd.agent (name, dispatch_name) values ('a', 'a-agent')")
    db.q("insert into trunkd.trunk (name, twilio_account) values ('t', 'main')")
    db.q("insert into trunkd.phone_number (phone_number, twilio_account) values (%s, 'main')", ONE)
    kept = {"id", "generation", "created_at", "updated_at"}
    for table, row in rows.items():
        other = db.one(f"select to_jsonb(t) from trunkd.{table} t")
        assert {k: v for k, v in row.items() if k not in kept} == {k: v for k, v in other.items() if k not in kept}, table


def test_a_second_project_moves_nobody(db):
    apply(db, ACCOUNTS, document("Trunk", "t", {"twilioAccount": "main"}), number(ONE))
    second = document("LiveKitProject", "lk2", {"url": "https://lk2.livekit.cloud", "apiKey": "k", "secret": "file:account/lk2", "sipHost": "lk2.example"})
    account = ACCOUNTS.split("---")[1].replace("livekitProject: lk", "livekitProject: lk2")
    assert lines(apply(db, second, "---", account)) == ["LiveKitProject/lk2 created", "TwilioAccount/main changed"]
    assert lines(apply(db, number(ONE), document("Trunk", "t", {"twilioAccount": "main"}))) == ["Trunk/t unchanged", f"PhoneNumber/{ONE} unchanged"]
    assert db.one("select livekit_project from trunkd.phone_number") == "lk"


def test_labels_are_kept_and_change_nothing_for_the_daemon(db):
    apply(db, ACCOUNTS, number(ONE))
    generation = db.one("select generation from trunkd.phone_number")
    assert lines(apply(db, document("PhoneNumber", ONE, {"twilioAccount": "main"}, {"team": "x"}))) == [f"PhoneNumber/{ONE} changed"]
    assert db.one("select labels from trunkd.phone_number") == {"team": "x"}
    assert db.one("select generation from trunkd.phone_number") == generation


def test_agents_list_sets_exactly_these_numbers(db):
    apply(db, ACCOUNTS, agent("a"), agent("b"), number(ONE, agent="a"), number(TWO, agent="a"), number(THREE, agent="b"))
    done = apply(db, agent("a", phoneNumbers=[TWO, THREE]))
    assert lines(done)[0] == "Agent/a unchanged"
    assert sorted(lines(done)[1:]) == [f"PhoneNumber/{ONE} changed (no agent)", f"PhoneNumber/{THREE} changed (agent a)"]
    assert db.q("select phone_number, agent from trunkd.phone_number order by 1") == [(ONE, None), (TWO, "a"), (THREE, "a")]
    done = apply(db, agent("a", phoneNumbers=[ONE]), number(ONE, label="x"))
    assert lines(done)[:2] == ["Agent/a unchanged", f"PhoneNumber/{ONE} changed"]
    assert db.q("select phone_number, agent from trunkd.phone_number order by 1") == [(ONE, "a"), (TWO, None), (THREE, None)]
    done = apply(db, agent("a", phoneNumbers=[]))
    assert lines(done) == ["Agent/a unchanged", f"PhoneNumber/{ONE} changed (no agent)"]


def test_a_listed_number_must_exist(db):
    apply(db, ACCOUNTS)
    done = apply(db, "apiVersion: trunkd/v1\nkind: Agent\nmetadata: {name: a}\nspec:\n  dispatchName: a\n  phoneNumbers:\n  - \"+14155550100\"\n")
    assert (done.code, done.out) == (3, "")
    assert done.err == (f"standard input:7:5: there is no phone number {ONE}, neither in the database nor in what is applied\n"
                        f'      - "{ONE}"\n')
    assert db.one("select count(*) from trunkd.agent") == 0


def test_what_the_database_refuses_is_said_with_its_place_and_nothing_is_applied(db):
    done = apply(db, ACCOUNTS, agent("support"), """---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550100" }
spec:
  twilioAccount: main
  agent: suport
---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550101" }
spec: { provider: sip, supportsOutbound: true, livekitProject: lk }
---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550102" }
spec: { twilioAccount: main }
""")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        'standard input:19:10: phone number +14155550100: there is no agent "suport". Did you mean "support"?\n'
        "      agent: suport\n"
        "standard input:24:42: phone number +14155550101: provider sip needs outbound_trunk.address for outbound calls. Write the host that your carrier takes calls at: {\"address\": \"sip.example.com\"}.\n"
        "    spec: { provider: sip, supportsOutbound: true, livekitProject: lk }\n")
    assert db.one("select count(*) from trunkd.livekit_project") == 0


def test_a_refused_setting_is_shown_where_it_is_written(db):
    apply(db, ACCOUNTS, document("Trunk", "big", {"twilioAccount": "main"}))
    done = apply(db, """---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550100" }
spec:
  twilioAccount: main
  inboundTrunk:
    krispEnabled: true
    headers:
      From: me
  outboundTrunk: { destinationCountry: DE }
---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550101" }
spec:
  twilioAccount: main
  outboundTrunk:
    mediaEncryption: allow
    destinationCountry: DE
---
apiVersion: trunkd/v1
kind: PhoneNumber
metadata: { name: "+14155550102" }
spec:
  label: Line
  trunk: big
""")
    assert (done.code, done.out) == (3, "")
    places = [line.split(": phone number")[0] for line in done.err.splitlines()[::2]]
    assert places == ["standard input:10:7", "standard input:20:25", "standard input:27:10"], done.err
    assert 'it names the trunk "big" and no twilio_account. Write the trunk\'s account: "main".' in done.err


def test_a_refused_account_is_not_repeated_by_what_needs_it(db):
    done = apply(db, ACCOUNTS.replace("AC0", "ACx"), number(ONE))
    assert done.code == 3
    assert done.err.splitlines()[0] == ('standard input:10:21: Twilio account "main": account_sid is not the SID of an account. '
                                        'It is "AC" and 32 digits or letters a to f; the console shows it as Account SID.')
    assert len(done.err.splitlines()) == 2


def test_a_plain_secret_is_never_shown(db):
    secret = "0123456789abcdef0123456789abcdef"
    done = apply(db, ACCOUNTS.replace("file:account/main", secret))
    assert (done.code, done.out) == (1, "")
    assert "says where the secret is" in done.err and secret not in done.err
    done = apply(db, ACCOUNTS.replace("file:account/main", "sealed:" + secret))
    assert done.code == 3 and secret not in done.err and "is not a whole sealed secret" in done.err


def test_manifest_errors_come_before_the_database_is_asked(db, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yaml").write_text(number(ONE, agnet="x"))
    (folder / "b.yml").write_text("kind: [\n")
    (folder / "c.txt").write_text("not read")

    class Nowhere:
        name = "x"

        class cluster:
            directory = "/nonexistent"
    done = trunkctl(Nowhere, "apply", "-f", "folder", "-f", "missing.yaml", cwd=tmp_path)
    assert done.code == 1
    assert [line for line in done.err.splitlines() if not line.startswith("    ")] == [
        'folder/a.yaml:2:124: the spec of a PhoneNumber has no key "agnet"; did you mean "agent"?',
        "folder/b.yml:2:1: this is not YAML: did not find expected node content while parsing a flow node",
        "missing.yaml: No such file or directory"]


def test_dry_run_takes_everything_back(db):
    done = apply(db, ACCOUNTS, number(ONE), arguments=["--dry-run"])
    assert lines(done) == ["LiveKitProject/lk created (dry run)", "TwilioAccount/main created (dry run)", f"PhoneNumber/{ONE} created (dry run)"]
    assert db.one("select count(*) from trunkd.livekit_project") == 0
    assert apply(db, number(ONE), arguments=["--dry-run"]).code == 3


def test_the_examples_are_valid(db):
    done = trunkctl(db, "apply", "-f", pglib.SOURCES / "contrib" / "examples")
    assert done.code == 0, done
    assert db.one("select count(*) from trunkd.phone_number") == 5
    assert "unchanged" not in done.out
    assert "created" not in trunkctl(db, "apply", "-f", pglib.SOURCES / "contrib" / "examples").out


@pytest.mark.parametrize("arguments, sentence", [
    ([], "apply needs -f FILE, -f FOLDER or -f - for standard input"),
    (["-f", "-", "--wait", "--dry-run"], "--wait and --dry-run do not go together: nothing is left to wait for"),
    (["-f", "-", "--wait=5"], '--wait wants a time such as 500ms, 90s, 5m or 1h30m, not "5"'),
    (["-f", "-", "--wait=-5s"], '--wait wants a time such as 500ms, 90s, 5m or 1h30m, not "-5s"'),
    (["-f", "x"] * 129 + ["-f", "x"] * 128, "-f can be given 256 times at most"),
])
def test_bad_command_lines(db, arguments, sentence):
    done = trunkctl(db, "apply", *arguments)
    assert (done.code, done.out, done.err) == (1, "", f"trunkctl: {sentence}\n")


def test_a_database_without_schema_is_one_sentence(cluster):
    empty = ctllib.empty_database(cluster)
    done = apply(empty, ACCOUNTS)
    assert done.code == 1
    assert done.err.startswith(f"trunkctl: database {empty.name} has no schema trunkd, or not that of this version (") and "run trunkctl migrate" in done.err
    empty.drop()


def test_roles(db):
    db.q("grant trunkd_app to current_user")
    db.q("do $$ begin if to_regrole('ctl_app') is null then create role ctl_app login; end if; end $$")
    db.q("grant trunkd_app to ctl_app")
    apply(db, ACCOUNTS)
    assert apply(db, agent("a"), number(ONE, agent="a"), user="ctl_app").code == 0
    done = apply(db, ACCOUNTS, user="ctl_app")
    assert done.code == 3 and "permission denied for table livekit_project" in done.err


def test_ten_thousand_numbers_take_seconds(db):
    apply(db, ACCOUNTS)
    text = "".join(number(f"+1415{n:07d}") for n in range(10000))
    begin = time.monotonic()
    done = apply(db, text, timeout=120)
    assert done.code == 0 and len(done.out.splitlines()) == 10000
    print(f"10,000 numbers applied in {time.monotonic() - begin:.1f} s")
    assert set(line.split()[1] for line in apply(db, text, timeout=120).out.splitlines()) == {"unchanged"}


# ---- waiting

def later(seconds, *calls):
    def run():
        time.sleep(seconds)
        for call in calls:
            call()
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_wait_shows_progress_and_ends_when_all_are_active(db):
    other = pglib.Db(db.cluster, db.name)
    thread = later(1.0, lambda: settle(other, ONE, "pending", "SettingUp", "making its trunk", settled=False),
                   lambda: time.sleep(0.7), lambda: settle(other, ONE))
    done = apply(db, ACCOUNTS, agent("a"), number(ONE, agent="a"), arguments=["--wait"])
    thread.join()
    assert (done.code, done.err) == (0, "")
    shown = [line.split("s  ", 1)[1] for line in done.out.splitlines() if "s  " in line]
    assert shown == [f"{ONE}  pending SettingUp …", f"{ONE}  pending SettingUp …: making its trunk", f"{ONE}  active UpToDate"]


def test_wait_ends_with_3_and_says_what_to_do(db):
    other = pglib.Db(db.cluster, db.name)
    thread = later(1.0, lambda: settle(other, ONE, "failed", "Refused", "Twilio says no"), lambda: settle(other, TWO))
    done = apply(db, ACCOUNTS, number(ONE), number(TWO), arguments=["--wait=20s"])
    thread.join()
    assert done.code == 3
    remedy = db.one("select remedy from trunkd.reason where name = 'Refused'")
    assert done.err.splitlines() == [f"{ONE} is failed Refused: Twilio says no", f"    {remedy}", f"    trunkctl describe {ONE} says more"]


@pytest.mark.parametrize("arguments", [["--wait=1s"], ["--timeout", "1s"], ["--wait", "--timeout=1s"]])
def test_wait_times_out_with_4(db, arguments):
    begin = time.monotonic()
    done = apply(db, ACCOUNTS, number(ONE), arguments=arguments)
    assert done.code == 4 and 1 <= time.monotonic() - begin < 5
    assert done.err.splitlines()[0] == f"timed out: {ONE} is pending SettingUp …"


def test_wait_covers_the_numbers_of_an_agent(db):
    apply(db, ACCOUNTS, agent("a"), number(ONE, agent="a"))
    settle(db, ONE)
    done = apply(db, agent("a", metadata="new"), arguments=["--wait=1s"])
    assert done.code == 4 and ONE in done.err


def test_wait_is_for_what_was_applied_and_nothing_else(db):
    """The agent's other number has failed, and a list of numbers lets one go: neither is what the manifests are about."""
    apply(db, ACCOUNTS, agent("a"), number(ONE, agent="a"), number(TWO, agent="a"))
    settle(db, ONE)
    settle(db, TWO, "failed", "Refused", "no such thing")
    done = apply(db, ACCOUNTS, agent("a"), number(ONE, agent="a"), arguments=["--wait=5s"])
    assert done.code == 0 and TWO not in done.out + done.err, done
    done = apply(db, agent("a", phoneNumbers=[ONE]), arguments=["--wait=5s"])
    assert done.code == 0 and f"{ONE}  active" in done.out and f"{TWO}  " not in done.out, done
    assert apply(db, agent("a", phoneNumbers=[ONE, TWO]), arguments=["--wait=300ms"]).code == 4


def test_a_refused_update_is_not_what_was_applied(db):
    apply(db, ACCOUNTS, number(ONE))
    settle(db, ONE, "active", "UpdateRefused", "LiveKit says no")
    assert apply(db, number(ONE), arguments=["--wait=5s"]).code == 3
    assert trunkctl(db, "wait", ONE, "--for", "active").code == 0


def test_on_a_terminal_a_number_keeps_one_line(db):
    import os
    import pty
    import subprocess
    apply(db, ACCOUNTS, number(ONE), number(TWO))
    settle(db, ONE)
    db.q("insert into trunkd.dirty select 'number', %s, 1", TWO)
    master, slave = pty.openpty()
    process = subprocess.Popen([str(ctllib.BUILD / "trunkctl"), "wait", ONE, TWO], stdout=slave, stderr=subprocess.PIPE,
                               env={**ctllib.environment(db), "TERM": "xterm"})
    os.close(slave)
    time.sleep(1)
    settle(db, TWO)
    assert process.wait(20) == 0
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert "\x1b[2A" in shown and shown.count("\n") == 4 and shown.rstrip().endswith(f"{TWO}  active UpToDate")




# ---- prune

def labelled(*names):
    return "".join(document("PhoneNumber", f"+1415555{n:04}", {"twilioAccount": "main"}, {"team": "a"}) for n in names)


@pytest.fixture
def ten(db):
    assert apply(db, ACCOUNTS, agent("x"), labelled(*range(10)), number("+14155559999")).code == 0
    return db


def numbers(db):
    return db.one("select count(*) from trunkd.phone_number")


def test_prune_deletes_what_carries_the_label_and_stands_nowhere(ten):
    done = trunkctl(ten, "apply", "-f", "-", "--prune", "-l", "team=a", "--dry-run", stdin=labelled(*range(8)))
    assert done.code == 0 and done.out.count(" deleted (dry run)\n") == 2 and numbers(ten) == 11, done
    done = trunkctl(ten, "apply", "-f", "-", "--prune", "-l", "team=a", stdin=labelled(*range(8)))
    assert (done.code, done.out, numbers(ten)) == (3, "", 11) and "would delete 2; nothing was changed. Where nobody can be asked, --yes" in done.err, done
    done = trunkctl(ten, "apply", "-f", "-", "--prune", "-l", "team=a", "--yes", stdin=labelled(*range(8)))
    assert done.code == 0 and "PhoneNumber/+14155550008 deleted\nPhoneNumber/+14155550009 deleted\n" in done.out and numbers(ten) == 9, done
    assert ten.one("select count(*) from trunkd.agent") == 1


def test_prune_of_more_than_a_fifth_needs_force(ten):
    done = trunkctl(ten, "apply", "-f", "-", "--prune", "-l", "team=a", "--yes", stdin=labelled(*range(7)))
    assert done.code == 3 and "3 of the 10 that carry the label, more than a fifth; nothing was changed" in done.err and numbers(ten) == 11, done
    done = trunkctl(ten, "apply", "-f", "-", "--prune", "-l", "team=a", "--yes", "--force", stdin=labelled(*range(7)))
    assert done.code == 0 and numbers(ten) == 8, done


@pytest.mark.parametrize("arguments, sentence", [
    (["--prune"], "--prune needs -l LABEL=VALUE"), (["-l", "team=a"], "-l, --yes and --force of apply go with --prune"),
    (["--yes"], "-l, --yes and --force of apply go with --prune"),
])
def test_prune_that_is_half_said_changes_nothing(ten, arguments, sentence):
    done = trunkctl(ten, "apply", "-f", "-", *arguments, stdin=labelled(*range(20)))
    assert done.code == 1 and sentence in done.err and numbers(ten) == 11, done


def test_prune_asks_whoever_sits_at_a_terminal(ten, tmp_path):
    (tmp_path / "x.yaml").write_text(labelled(*range(9)))
    for answer, code, left in (("no", 3, 11), ("yes", 0, 10)):
        main, terminal = pty.openpty()
        process = subprocess.Popen([str(ctllib.BUILD / "trunkctl"), "apply", "-f", str(tmp_path / "x.yaml"), "--prune", "-l", "team=a"],
                                   env=ctllib.environment(ten), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(main, (answer + "\n").encode())
        out, err = process.communicate(timeout=60)
        os.close(main), os.close(terminal)
        assert process.returncode == code and "delete 1 of the 10 that carry the label? Type yes: " in out and numbers(ten) == left, (out, err)
