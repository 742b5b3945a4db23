"""What trunkd-doc writes from the tables of the programs, the JSON Schema of manifests and the manual pages, and what is written by hand there."""
import copy
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

import ctllib
import pglib
import sentencelib

TOP = pglib.SOURCES
SCHEMA = TOP / "contrib" / "manifest.schema.json"


def written(*arguments):
    return subprocess.run([str(ctllib.BUILD / "trunkd-doc"), *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def readme_manifests():
    section = re.search(r"^The manifest way\n-+\n(.*?)\n    trunkctl apply", (TOP / "README").read_text(), re.S | re.M).group(1)
    return "\n".join(line[4:] for line in section.splitlines())


def manifests():
    """Every manifest that the project shows and says that trunkctl takes."""
    texts = {"README": readme_manifests()}
    texts.update((path.name, path.read_text()) for path in sorted((TOP / "contrib" / "examples").glob("*.yaml")))
    texts["good.yaml"] = (TOP / "tests" / "golden" / "manifest" / "good.yaml").read_text()
    return texts


def test_the_schema_in_the_tree_is_what_the_tables_say():
    text = written("schema")
    if os.environ.get("UPDATE_GOLDEN"):
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text, "the tables have changed: UPDATE_GOLDEN=1 writes contrib/manifest.schema.json anew"


@pytest.mark.parametrize("name", manifests())
def test_the_schema_takes_the_manifests_that_the_project_shows(validator, name):
    documents = list(yaml.safe_load_all(manifests()[name]))
    assert documents
    for document in documents:
        validator.validate(document)


NUMBER = {"apiVersion": "trunkd/v1", "kind": "PhoneNumber", "metadata": {"name": "+14155551234"}, "spec": {}}
ACCOUNT = {"apiVersion": "trunkd/v1", "kind": "TwilioAccount", "metadata": {"name": "main"},
           "spec": {"accountSid": "AC1", "secret": "file:account/main"}}
AGENT = {"apiVersion": "trunkd/v1", "kind": "Agent", "metadata": {"name": "support"}, "spec": {"dispatchName": "x"}}


def changed(document, **changes):
    """spec__outboundTrunk__transport="udp" sets that; the value Ellipsis takes it out."""
    document = copy.deepcopy(document)
    for path, value in changes.items():
        *way, last = path.split("__")
        at = document
        for step in way:
            at = at.setdefault(step, {})
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return document


RIGHT = [
    NUMBER, ACCOUNT, AGENT,
    changed(NUMBER, spec=...), changed(NUMBER, spec=None), changed(NUMBER, spec__agent=None), changed(NUMBER, spec__outboundTrunk=None),
    changed(NUMBER, metadata__labels={"team": "support"}), changed(NUMBER, metadata__labels=None), changed(NUMBER, spec__provider=None),
    changed(NUMBER, spec__outboundTrunk={"address": "sip.carrier.example", "transport": "tls", "authPassword": "file:sip/carrier"}),
    changed(NUMBER, spec__inboundTrunk={"ringingTimeoutSeconds": 3600, "headers": {"X-A": "b"}, "mediaEncryption": None}),
    changed(NUMBER, spec__twilioTrunk={"originationUrls": [{"url": "sip:a.example", "priority": 0}]}),
    changed(ACCOUNT, spec__secret="env:TRUNKD_ACCOUNT_A"), changed(ACCOUNT, spec__secret="sealed:a:b"), changed(ACCOUNT, spec__maxInFlight=32),
    changed(AGENT, spec__phoneNumbers=["+14155551234"]), changed(AGENT, spec__phoneNumbers=[]), changed(AGENT, spec__metadata=""),
    changed(AGENT, spec__dispatchRule={"type": "direct", "roomName": "all"}),
]
WRONG = [
    changed(NUMBER, apiVersion="trunkd/v2"), changed(NUMBER, apiVersion=...), changed(NUMBER, kind="Number"), changed(NUMBER, kind=...),
    changed(NUMBER, metadata=...), changed(NUMBER, metadata__name="14155551234"), changed(NUMBER, metadata__name="+1"),
    changed(NUMBER, metadata__name="+1234567890123456"), changed(NUMBER, metadata__lables={}), changed(NUMBER, metadata__labels={"a": 1}),
    changed(NUMBER, speck={}), changed(NUMBER, spec__twilioAcount="main"), changed(NUMBER, spec__dispatchName="x"),
    changed(NUMBER, spec__supportsInbound="true"), changed(NUMBER, spec__supportsInbound=1), changed(NUMBER, spec__label=7),
    changed(NUMBER, spec__provider="telnyx"), changed(NUMBER, spec__agent=""), changed(NUMBER, spec__inboundTrunk=[]),
    changed(NUMBER, spec__inboundTrunk={"ringingTimeoutSeconds": 0}), changed(NUMBER, spec__inboundTrunk={"ringingTimeoutSeconds": 3601}),
    changed(NUMBER, spec__inboundTrunk={"ringingTimeoutSeconds": "30"}), changed(NUMBER, spec__inboundTrunk={"ringing_timeout_seconds": 30}),
    changed(NUMBER, spec__inboundTrunk={"address": "sip.carrier.example"}), changed(NUMBER, spec__inboundTrunk={"headers": {"X-A": 1}}),
    changed(NUMBER, spec__inboundTrunk={"allowedNumbers": "+1415"}), changed(NUMBER, spec__outboundTrunk={"transport": "sctp"}),
    changed(NUMBER, spec__outboundTrunk={"authPassword": "hunter2"}), changed(NUMBER, spec__outboundTrunk={"authPassword": "file:account/main"}),
    changed(NUMBER, spec__twilioTrunk={"originationUrls": [{"uri": "sip:a.example"}]}),
    changed(ACCOUNT, spec=...), changed(ACCOUNT, spec__secret=...), changed(ACCOUNT, spec__secret=None), changed(ACCOUNT, spec__secret="0123"),
    changed(ACCOUNT, spec__secret="file:sip/main"), changed(ACCOUNT, spec__secret="file:account/"), changed(ACCOUNT, spec__maxInFlight=0),
    changed(ACCOUNT, spec__maxInFlight=33), changed(ACCOUNT, spec__numbersPerTrunk="500"), changed(ACCOUNT, spec__drift="ignore"),
    changed(AGENT, spec__phoneNumbers=["4155551234"]), changed(AGENT, spec__phoneNumbers="+14155551234"), changed(AGENT, metadata__name=""),
]


def trunkctl_takes(document):
    """Whether trunkctl finds nothing wrong with it before it looks for a database, of which there is none here."""
    done = subprocess.run([str(ctllib.BUILD / "trunkctl"), "apply", "-f", "-", "-d", "host=/nowhere"], input=json.dumps(document),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == ctllib.ERROR, done
    return not done.stderr.startswith("standard input:")


@pytest.mark.parametrize("document", RIGHT, ids=json.dumps)
def test_schema_and_trunkctl_take(validator, document):
    validator.validate(document)
    assert trunkctl_takes(document)


@pytest.mark.parametrize("document", WRONG, ids=json.dumps)
def test_schema_and_trunkctl_refuse(validator, document):
    assert not validator.is_valid(document)
    assert not trunkctl_takes(document)


# What only the whole of a manifest shows, or only trunkctl: an editor finds nothing.
UNKNOWN_TO_THE_SCHEMA = ["# The same object twice", "# More labels", "# A NUL"]


def with_text_keys(value):
    """JSON has no other keys."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(item) for key, item in value.items()}
    return [with_text_keys(item) for item in value] if isinstance(value, list) else value


def test_the_schema_says_of_the_golden_manifests_what_trunkctl_says(validator):
    seen = {"right": 0, "wrong": 0}
    for given, said in sentencelib.cases("manifests")[1]:
        try:
            documents = [with_text_keys(d) for d in yaml.safe_load_all(sentencelib.plain(given)) if d is not None]
        except yaml.YAMLError:
            continue        # an editor says so before it looks at the schema
        valid = [validator.is_valid(document) for document in documents]
        if said[-1] == "exit 1":
            assert not all(valid) or not documents or any(given.startswith(known) for known in UNKNOWN_TO_THE_SCHEMA), given
        else:               # what is refused with 3 only the database knows
            assert all(valid), given
        seen["right" if all(valid) else "wrong"] += 1
    assert min(seen.values()) > 5, seen


def test_every_key_of_the_schema_says_what_it_is(validator):
    missing = []

    def look(node, path):
        for key, value in node.get("properties", {}).items():
            if "$ref" not in value and not value.get("description", "").endswith("."):
                missing.append(f"{path}/{key}")
    for name, definition in validator.schema["$defs"].items():
        look(definition, name)
    assert missing == []


# ---- manual pages

def page(name):
    return (ctllib.BUILD / "contrib" / "doc" / name).read_text().replace("\\-", "-")


def help_of(program, *arguments):
    return subprocess.run([str(ctllib.BUILD / program), *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


@pytest.mark.parametrize("program, name", [("trunkd", "trunkd.8"), ("trunkd-sim", "trunkd-sim.1")])
def test_a_page_describes_the_options_that_help_shows(program, name):
    shown = set(re.findall(r"--([a-z][a-z-]+)", help_of(program, "--help")))
    items = " ".join(line for line in page(name).splitlines() if line.startswith(".It Fl"))
    assert set(re.findall(r"Fl -([a-z][a-z-]+)", items)) == shown


def test_the_page_of_the_daemon_names_its_signals():
    assert re.findall(r"SIG[A-Z0-9]+", help_of("trunkd", "--help")) == re.findall(r"^\.It Dv (SIG[A-Z0-9]+)", page("trunkd.8"), re.M)


def test_the_page_of_trunkctl_has_every_verb_and_exit_code():
    text = help_of("trunkctl", "help")
    verbs = re.findall(r"^  ([a-z-]+) +[a-z]", text.split("exit codes:")[0], re.M)
    assert len(verbs) > 10 and re.findall(r"^\.It Ic (.*)$", page("trunkctl.1"), re.M) == verbs
    assert re.findall(r"^  (\d)  ", text, re.M) == re.findall(r"^\.It (\d)$", page("trunkctl.1"), re.M)


def test_the_configuration_that_is_shipped_says_the_defaults():
    shipped = yaml.safe_load((TOP / "contrib" / "systemd" / "trunkd.yaml").read_text())
    text = page("trunkd.conf.5")
    keys, timing = text.split(".Ss Keys of timing\n")
    assert set(re.findall(r"^\.It Va (\w+)$", keys, re.M)) >= set(shipped)
    said = {name: otherwise for name, otherwise in re.findall(r"^\.It Va (\w+)$.*?; (\w+) if nothing is said\.$", timing, re.M | re.S)}
    assert said == {name: str(value) for name, value in shipped["timing"].items()}


def test_the_page_of_sql_has_every_reason_table_view_and_function(db):
    sections = {}
    for line in page("trunkd-sql.7").splitlines():
        if line.startswith((".Ss ", ".Sh ")):
            at = sections.setdefault(line[4:], set())
        elif line.startswith((".It Va ", ".It Fn ", ".It Sy ")):
            at.update(word.strip('"') for word in line[7:].replace(" ,", "").split())
    columns = {}
    for relation, column in db.q("""
            select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'trunkd'::regnamespace and c.relkind in ('r', 'v') and c.relname !~ '^(read_|schema|seal_key)'
              and has_table_privilege('trunkd_admin', c.oid, 'select')"""):
        columns.setdefault("trunkd." + relation, set()).add(column)
    words = {"trunkd.kind", "trunkd.reason", "trunkd.field"}
    assert set(columns) == {name for name in sections if re.fullmatch(r"trunkd\.\w+", name)} | words
    everywhere = {"labels", "generation", "created_at", "updated_at"}
    for name in set(columns) - words:
        is_table = name in ("trunkd.phone_number", "trunkd.agent", "trunkd.trunk", "trunkd.twilio_account", "trunkd.livekit_project")
        assert columns[name] - (everywhere | {"id"} if is_table else set()) == sections[name], name
    functions = {name for name, in db.q("""select 'trunkd.' || p.proname from pg_proc p where p.pronamespace = 'trunkd'::regnamespace
        and p.prorettype = 'bigint'::regtype and p.prosecdef and has_function_privilege('trunkd_admin', p.oid, 'execute')""")}
    assert functions == {word for word in sections["FUNCTIONS"] if word.startswith("trunkd.")}
    assert {name for name, in db.q("select name from trunkd.reason")} == set().union(
        *(sections[name] for name in ("pending", "active", "failed", "deleting", "corrupted", "Of several statuses", "Conditions of an account", "Of events only")))
