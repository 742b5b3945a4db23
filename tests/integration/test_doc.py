"""What trunkd-doc writes from the tables of trunkctl: the JSON Schema of manifests."""
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


def test_every_key_of_the_schema_says_what_it_is(validator):
    missing = []

    def look(node, path):
        for key, value in node.get("properties", {}).items():
            if "$ref" not in value and not value.get("description", "").endswith("."):
                missing.append(f"{path}/{key}")
    for name, definition in validator.schema["$defs"].items():
        look(definition, name)
    assert missing == []
