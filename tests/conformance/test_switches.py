"""What is not known about the providers is a switch of the simulator: numbers live the same under every setting.

A new switch is one row. The settings are those that are not the standard ones, which every other test has. Below, every test that comes
from the integration suite runs under each of them, and one more that counts what is written.
"""
import collections

import pytest

from test_e2e_life import (     # noqa: F401
    standing,
    test_a_change_of_the_agent_changes_its_numbers_in_place,
    test_a_deleted_number_leaves_nothing_behind,
    test_a_direction_switched_off_takes_only_its_own_objects,
    test_a_number_of_another_carrier_gets_the_livekit_side_only,
    test_a_number_that_comes_back_while_it_is_being_deleted_ends_right,
    test_deleting_one_number_of_a_shared_trunk_leaves_the_others_as_they_are,
    test_every_id_and_setting_is_right,
    test_the_previous_routing_comes_back,
)
import worldlib
from worldlib import phone

A, B = phone(1), phone(2)
SWITCHES = [
    {}, {"twilio_list_lag_ms": 80}, {"livekit_list_lag_ms": 80}, {"twilio_tombstone_own": 0}, {"twilio_domain_taken_code": 21245},
    {"twilio_mapped_list_delete": 1}, {"twilio_duplicate_username": 0}, {"twilio_attach_repeat": 1}, {"twilio_attach_moves": 0},
    {"twilio_unattached_caller_id": 0}, {"twilio_unknown_parameters": 1}, {"twilio_list_omits_domain": 1}, {"twilio_problem_json": 1},
    {"twilio_full_list_delete": 0}, {"twilio_policy_delete": 1}, {"twilio_racy_names": 1}, {"twilio_keeps_case": 1},
    {"twilio_sip_url_case": 1}, {"twilio_sip_url_case": 2}, {"twilio_duplicate_url": 0}, {"twilio_empty_url": 0}, {"twilio_empty_url": 2},
    {"twilio_newest_first": 1}, {"twilio_pages_by_position": 1}, {"twilio_attach_refused_code": 21245}, {"twilio_cap_lists_of_a_trunk": 1},
    {"twilio_cap_byoc_trunks": 1}, {"twilio_retry_after_s": 1, "twilio_concurrency": 1},
    {"livekit_camel": 1}, {"livekit_null_items": 1}, {"livekit_racy_conflicts": 0}, {"livekit_page_cuts": 1}, {"livekit_stamps": 1},
    {"livekit_hides_passwords": 1}, {"livekit_exp_required": 1}, {"livekit_cloud_words": 1}, {"livekit_drops_media": 1},
    {"livekit_name_max": 255}, {"livekit_body_bytes_max": 10 << 20},
]
# Settings that are no question: how fast, how many, what a fault does. What a documented number is, or a state of the world.
KNOWN = {
    "twilio_latency_ms", "livekit_latency_ms", "twilio_concurrency", "livekit_concurrency", "livekit_rate_per_minute",
    "twilio_cap_trunks", "twilio_cap_credential_lists", "twilio_cap_credentials", "twilio_cap_origination_urls", "twilio_cap_address_lists",
    "twilio_cap_addresses", "twilio_cap_connection_policies", "twilio_cap_policy_targets", "twilio_tombstone_ms",
    "livekit_old_server", "livekit_everything_gone",
}


def test_every_setting_of_the_simulator_is_a_switch_here(sim):
    switched = {name for setting in SWITCHES for name in setting}
    settings = set(sim.config())
    assert switched <= settings
    assert settings - switched == KNOWN - switched


@pytest.fixture(params=SWITCHES, ids=[next(("%s=%s" % i for i in s.items()), "standard") for s in SWITCHES])
def world(request, db, tmp_path):
    """That of the integration suite, under a setting."""
    w = worldlib.World(db, tmp_path)
    try:
        w.account("main")
        w.sim.config(**request.param)
        yield w
    finally:
        w.close()


def test_a_life(world):
    for number in (A, B):
        world.own(number)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    world.number(B)
    world.wait_active(B)
    world.agree()
    world.exactly_one(A, outbound=True)
    world.exactly_one(B)
    ids = world.line(A)["livekit_dispatch_rule_id"]
    world.set(A, agent="sales")
    world.wait_line(A, lambda line: line["settled"] and world.sim.call(A).get("agent_name") == "sales-agent", "with the new agent")
    assert world.line(A)["livekit_dispatch_rule_id"] == ids
    world.set(A, agent=None)
    world.wait_status(A, "pending", "NoAgent")
    world.delete(B)
    world.wait_gone(B)
    world.delete(A)
    world.wait_gone(A)
    assert world.held() == {}
    assert world.sim.number(A)["voice_url"] == "https://old.example.com/" + A[1:]
    assert again(world.sim) == {}


def again(sim):
    """What was written more than once in the same words: a difference that is none is written for ever."""
    written = collections.Counter((e["method"], e["path"], e["body"]) for e in sim.log() if e["committed"])
    return {what: count for what, count in written.items() if count > 1}
