"""What people read, ask for and are allowed to do."""
import psycopg2
import pytest

from pglib import base_rows, named, one, q

N = "+14155550001"
TRUNK = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def world(db):
    """One active number with all its objects on an automatic trunk; nothing dirty."""
    base_rows(db)
    generation = db.one("""insert into trunkd.phone_number (phone_number, label, twilio_account, agent, supports_outbound)
                           values (%s, 'Support line', 'main', 'support', true) returning generation""", N)
    db.q("insert into trunkd.trunk_status (trunk, name, automatic, twilio_account, livekit_project, ordinal, status, reason, settled) "
         "values (%s, 'main-lk-1', true, 'main', 'lk', 1, 'active', 'UpToDate', true)", TRUNK)
    db.q("""insert into trunkd.number_status (phone_number, status, reason, trunk, observed_generation, settled)
            values (%s, 'active', 'UpToDate', %s, %s, true)""", N, TRUNK, generation)
    db.q("""insert into trunkd.resource (owner_type, owner, kind, account, rev, known, external_id, epoch)
            select owner_type, case owner_type when 'number' then %s else %s end, name,
                   case provider when 'twilio' then 'main' else 'lk' end, 1, 'live', 'id of ' || name, 1 from trunkd.kind""", N, TRUNK)
    db.q("delete from trunkd.dirty")
    return db


def line(db, columns="status, reason, settled"):
    return q(db.connect(role="trunkd_reader"), f"select {columns} from trunkd.number where phone_number = %s", N)


def test_one_line_has_everything(world):
    assert line(world, "label, agent, trunk, twilio_trunk_sid, twilio_credential_list_sid, twilio_phone_number_sid, livekit_inbound_trunk_id, "
                       "livekit_outbound_trunk_id, livekit_dispatch_rule_id, generation = observed_generation, status, reason, settled") == [
        ("Support line", "support", "main-lk-1", "id of twilio.trunk", "id of twilio.credential_list", "id of twilio.trunk_phone_number",
         "id of livekit.inbound_trunk", "id of livekit.outbound_trunk", "id of livekit.dispatch_rule", True, "active", "UpToDate", True)]


def test_of_objects_in_two_projects_the_wanted_one_shows(world):
    for account in ("a", "z"):
        world.q("insert into trunkd.resource (owner_type, owner, kind, account, rev, known, external_id, epoch) "
                "values ('number', %s, 'livekit.inbound_trunk', %s, 1, 'live', %s, 1)", N, account, account)
    assert line(world, "livekit_inbound_trunk_id") == [("id of livekit.inbound_trunk",)]


@pytest.mark.parametrize("object_type, key", [("number", N), ("agent", "support"), ("trunk", TRUNK), ("account", "main"), ("account", "lk")])
def test_nothing_is_settled_while_something_it_rests_on_is_dirty(world, object_type, key):
    assert line(world) == [("active", "UpToDate", True)]
    world.q("insert into trunkd.dirty values (%s, %s, 1)", object_type, key)
    assert line(world) == [("active", "UpToDate", False)]
    assert world.one("select settled from trunkd.agent_state where name = 'support'") is False
    assert world.one("select settled from trunkd.agent_state where name = 'sales'") is True


def test_a_number_that_nobody_has_looked_at_is_pending(world):
    world.q("insert into trunkd.phone_number (phone_number, twilio_account) values ('+14155550002', 'main')")
    assert world.q("select status, reason, message, settled from trunkd.number where phone_number = '+14155550002'") == [
        ("pending", "SettingUp", "", False)]


@pytest.mark.parametrize("status, reason, braked, condition, shown", [
    ("pending", "SettingUp", False, "CredentialsRefused", ("pending", "AccountUnavailable", False)),
    ("active", "UpToDate", False, "Unreachable", ("active", "AccountUnavailable", True)),
    ("active", "UpToDate", True, "NothingVisible", ("active", "AccountBraked", True)),
    ("pending", "SettingUp", True, "", ("pending", "AccountBraked", True)),
    ("pending", "NoAgent", False, "Unreachable", ("pending", "NoAgent", True)),
    ("failed", "Refused", True, "", ("failed", "Refused", True)),
])
def test_an_accounts_condition_is_joined(world, status, reason, braked, condition, shown):
    settled = reason != "SettingUp"
    world.q("update trunkd.number_status set status = %s, reason = %s, settled = %s", status, reason, settled)
    world.q("insert into trunkd.account_status (name, condition, message, braked) values ('main', %s, 'words', %s)", condition, braked)
    assert line(world) == [shown]
    assert line(world, "account_condition") == [(f"main: {condition or 'braked'}, words",)]
    objects = world.one("select count(*) from trunkd.kind where provider = 'twilio'")
    assert world.one("select condition, braked, numbers, objects from trunkd.account_state where name = 'main'") == (condition, braked, 1, objects)


def test_a_deleted_number_stays_until_it_is_gone(world):
    def gone():
        return one(world.connect(role="trunkd_reader"), "select trunkd.gone(%s)", N)
    world.q("delete from trunkd.phone_number")
    assert line(world) == [("deleting", "Deleting", False)] and not gone()
    world.q("delete from trunkd.dirty")
    world.q("update trunkd.number_status set status = 'corrupted', reason = 'CleanupRefused', settled = true")
    assert line(world) == [("corrupted", "CleanupRefused", True)] and not gone()
    assert line(world, "livekit_inbound_trunk_id, twilio_trunk_sid, trunk") == [
        ("id of livekit.inbound_trunk", "id of twilio.trunk", "main-lk-1")]
    # a row that comes back is not corrupted any more
    world.q("insert into trunkd.phone_number (phone_number, twilio_account) values (%s, 'main')", N)
    assert line(world) == [("pending", "SettingUp", False)]
    world.q("delete from trunkd.phone_number; delete from trunkd.dirty; delete from trunkd.number_status")
    assert line(world, "status") == [("deleting",)] and not gone()
    world.q("delete from trunkd.resource where owner_type = 'number'")
    assert line(world) == [] and gone()
    # the number that left an automatic trunk last takes it along
    world.q("update trunkd.trunk_status set last_number = %s", N)
    assert line(world, "status") == [("deleting",)] and not gone()
    world.q("delete from trunkd.resource where owner_type = 'trunk'")
    assert line(world) == [] and gone()
    world.q("insert into trunkd.dirty values ('number', %s, 1)", N)
    assert line(world, "status") == [("deleting",)] and not gone()


def test_trunks_and_accounts_stay_in_sight_too(world):
    hot = world.one("insert into trunkd.trunk (name, twilio_account) values ('hot', 'main') returning id::text")
    states = "select name, automatic, status, reason, numbers, twilio_trunk_sid, settled from trunkd.trunk_state order by name"
    assert world.q(states) == [("hot", False, "pending", "SettingUp", 0, None, False),
                               ("main-lk-1", True, "active", "UpToDate", 1, "id of twilio.trunk", True)]
    world.q("insert into trunkd.trunk_status (trunk, name, automatic, twilio_account, livekit_project, status, reason) "
            "values (%s, 'hot', false, 'main', 'lk', 'active', 'UpToDate')", hot)
    world.q("delete from trunkd.trunk")
    assert world.q(states)[0][:4] == ("hot", False, "deleting", "Deleting")
    world.q("insert into trunkd.account_copy values ('old', 'twilio', 'AC9/us1', '{}', true)")
    assert world.one("select provider, identity, retiring, settled from trunkd.account_state where name = 'old'") == (
        "twilio", "AC9/us1", True, False)


def test_the_ledger_can_be_read_without_its_secrets(world):
    world.q("update trunkd.resource set secret = 'sealed:x'")
    rows = q(world.connect(role="trunkd_reader"), "select o.* from trunkd.object o where o.owner = %s", N)
    assert len(rows) == 4 and "sealed" not in str(rows)
    assert world.one("select external_id, known from trunkd.object where kind = 'twilio.trunk'") == ("id of twilio.trunk", "live")


# ---- verbs


def requests(db):
    return db.q("select name, verb, why, object_type, object, requested_by from trunkd.request order by id")


def test_retry_leaves_a_request_and_wakes_the_daemon(world):
    app = world.connect(role="trunkd_app")
    listener = world.connect()
    q(listener, "listen trunkd")
    first = one(app, "select trunkd.retry(%s)", N)
    assert one(app, "select trunkd.retry('main-lk-1')") > first
    assert one(app, "select trunkd.retry(%s)", TRUNK) > first
    assert requests(world) == [(N, "retry", "", "number", N, "trunkd_app"), ("main-lk-1", "retry", "", "trunk", TRUNK, "trunkd_app"),
                               (TRUNK, "retry", "", "trunk", TRUNK, "trunkd_app")]
    assert world.q("select object_type, key from trunkd.dirty order by 1") == [("number", N), ("trunk", TRUNK)]
    q(listener, "select 1")
    assert len(listener.notifies) == 3
    for name in ("+14155550009", "nothing"):
        with pytest.raises(psycopg2.Error) as caught:
            one(app, "select trunkd.retry(%s)", name)
        assert caught.value.diag.message_primary == f'there is no phone number or trunk "{name}"'
    daemon = world.connect(role="trunkd_daemon")
    named(daemon, "lease_take", "one", 60000)
    assert named(daemon, "commit", 1, [{"unit": 1, "items": [{"done": {"request": first}}]}])[0][1] == "done"
    assert len(requests(world)) == 2


def test_force_delete_is_for_what_is_stuck(world):
    app = world.connect(role="trunkd_app")
    for statement, values in [("update trunkd.number_status set status = 'active', reason = 'UpToDate'", (N, "w")),
                              ("update trunkd.number_status set status = 'pending', reason = 'SettingUp'", (N, "w")),
                              ("update trunkd.number_status set status = 'failed', reason = 'Refused'", (N, "w")),
                              ("select 1", ("main-lk-1", "w"))]:
        world.q(statement)
        with pytest.raises(psycopg2.Error) as caught:
            one(app, "select trunkd.force_delete(%s, %s)", *values)
        assert caught.value.diag.message_primary.startswith("force delete is only allowed for corrupted phone numbers")
        assert caught.value.pgcode == "55000"
    world.q("update trunkd.number_status set status = 'deleting', reason = 'AccountUnavailable', message = 'HTTP 401'")
    with pytest.raises(psycopg2.Error) as caught:
        one(app, "select trunkd.force_delete(%s, %s)", N, "w")
    assert caught.value.pgcode == "55000" and caught.value.diag.message_primary == f"{N} is being removed, and force delete is for what could not be"
    assert "becomes corrupted when that has failed for corrupted_after (15 minutes" in caught.value.diag.message_hint
    assert caught.value.diag.message_hint.endswith("Now: HTTP 401")
    world.q("update trunkd.number_status set status = 'corrupted', reason = 'CleanupRefused', message = ''")
    for why in ("", "  ", None):
        with pytest.raises(psycopg2.Error) as caught:
            one(app, "select trunkd.force_delete(%s, %s)", N, why)
        assert caught.value.diag.message_primary == "force delete needs a reason"
    one(app, "select trunkd.force_delete(%s, 'account closed')", N)
    world.q("update trunkd.number_status set status = 'active', reason = 'Leftovers'")
    one(app, "select trunkd.force_delete(%s, 'project closed')", N)
    world.q("update trunkd.trunk_status set status = 'corrupted', reason = 'CleanupRefused'")
    one(app, "select trunkd.force_delete('main-lk-1', 'trunk stuck')")
    assert [r[1:5] for r in requests(world)] == [
        ("force_delete", "account closed", "number", N), ("force_delete", "project closed", "number", N),
        ("force_delete", "trunk stuck", "trunk", TRUNK)]


def test_release_is_for_what_is_braked_and_for_admins(world):
    admin = world.connect(role="trunkd_admin")
    for account, sentence in [("main", '"main" is not braked: there is nothing to release'),
                              ("nobody", 'there is no Twilio account or LiveKit project "nobody"')]:
        with pytest.raises(psycopg2.Error) as caught:
            one(admin, "select trunkd.release(%s, 'w')", account)
        assert caught.value.diag.message_primary == sentence
    world.q("insert into trunkd.account_status (name, braked) values ('main', true)")
    with pytest.raises(psycopg2.Error) as caught:
        one(admin, "select trunkd.release('main', '')")
    assert caught.value.diag.message_primary == "release needs a reason"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        one(world.connect(role="trunkd_app"), "select trunkd.release('main', 'w')")
    one(admin, "select trunkd.release('main', 'moved')")
    assert requests(world) == [("main", "release", "moved", "account", "main", "trunkd_admin")]
    assert world.q("select object_type, key from trunkd.dirty") == [("account", "main")]


# ---- roles


def test_each_role_may_do_its_own_and_nothing_else(world):
    wishes = ["phone_number", "agent", "trunk"]
    accounts = ["twilio_account", "livekit_project"]
    ledger = ["resource", "number_status", "trunk_status", "account_status", "account_copy", "provider_number", "tombstone", "orphan",
              "stray", "event", "request", "dirty", "lease", "installation", "seal_key", "schema", "schema_version", "kind", "reason", "field"]
    may = {"trunkd_app": set(wishes), "trunkd_admin": set(wishes + accounts), "trunkd_reader": set(), "trunkd_daemon": set()}
    checked = 0
    for role, writes in may.items():
        for table in wishes + accounts + ledger:
            for right in ("INSERT", "UPDATE", "DELETE"):
                allowed = world.one("select has_table_privilege(%s, %s, %s)", role, f"trunkd.{table}", right)
                assert allowed == (table in writes), (role, table, right)
                checked += 1
            assert not world.one("select has_table_privilege(%s, %s, 'TRUNCATE')", role, f"trunkd.{table}")
        for view, in world.q("select table_name from information_schema.views where table_schema = 'trunkd'"):
            allowed = world.one("select has_table_privilege(%s, %s, 'SELECT')", role, f"trunkd.{view}")
            people = view in ("number", "agent_state", "trunk_state", "account_state", "object", "health", "wildcard")
            core = view.startswith("read_")
            writers = view == "manifest"
            if role == "trunkd_reader":
                assert allowed == people, (role, view)
            elif role == "trunkd_daemon":
                assert allowed == core, (role, view)
            else:
                assert allowed == (people or core or writers), (role, view)
            checked += 1
    assert checked > 300
    assert not world.one("select has_table_privilege('trunkd_app', 'trunkd.twilio_account', 'SELECT')")
    assert not world.one("select has_table_privilege('trunkd_reader', 'trunkd.resource', 'SELECT')"), "sealed passwords lie there"
    nobody = world.connect()
    q(nobody, "create role stranger; set session authorization stranger")
    try:
        for statement in ("select * from trunkd.number", "select trunkd.retry('+1')", "select trunkd.commit(1, '[]')"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                q(nobody, statement)
    finally:
        nobody.close()
        world.q("drop role stranger")


def test_only_what_is_meant_to_be_called_can_be_called(world):
    callable_by = {
        "trunkd_reader": {"gone", "condition_of", "in_ms", "current_timeline"},
        "trunkd_app": {"gone", "condition_of", "in_ms", "current_timeline", "retry", "scan", "rotate", "force_delete"},
        "trunkd_admin": {"gone", "condition_of", "in_ms", "current_timeline", "retry", "scan", "rotate", "force_delete", "release", "sweep"},
        "trunkd_daemon": {"gone", "condition_of", "in_ms", "current_timeline", "commit", "lease_take", "lease_renew", "lease_release", "prune"},
    }
    for role, names in callable_by.items():
        assert {n for n, in world.q("select p.proname from pg_proc p where p.pronamespace = 'trunkd'::regnamespace "
                                    "and has_function_privilege(%s, p.oid, 'EXECUTE')", role)} == names


def test_functions_with_the_owners_rights_have_a_pinned_search_path(world):
    rows = world.q("select proname, proconfig from pg_proc where pronamespace = 'trunkd'::regnamespace and prosecdef")
    assert len(rows) >= 15
    for name, settings in rows:
        assert "search_path=pg_catalog, pg_temp" in settings, name
    # whoever can call, or is called by a trigger, has them
    loose = world.q("""select proname from pg_proc p where p.pronamespace = 'trunkd'::regnamespace and not prosecdef
                       and p.prorettype = 'trigger'::regtype""")
    assert loose == [("keep_since",)]
