"""The integration suite's LiveKit half once more, on the real server: the very same tests, by name. What is left out stands in LEFT_OUT,
with the reason."""
import pytest

import lanelib
import test_e2e_lost
import test_e2e_lost_updates
from test_e2e_accounts import (     # noqa: F401
    test_an_account_may_want_drift_to_be_reported_only,
    test_everything_gone_at_livekit_is_a_fault_until_it_is_released,
    test_one_missing_object_beside_visible_ones_is_made_again,
    two,
)
from test_e2e_brake import *        # noqa: F401, F403
from test_e2e_carrier import *      # noqa: F401, F403
from test_e2e_database import (     # noqa: F401
    test_a_lost_automatic_trunk_with_20_numbers_is_found_again_and_nothing_is_doubled,
    test_a_lost_number_is_found_again_and_nothing_is_doubled,
    test_everything_lost_but_the_wishes_is_found_again,
    test_many_writers_at_once_end_with_what_was_written_last,
)
from test_e2e_ledger_lost import lossy, test_a_trunk_with_20_numbers_that_only_the_lost_seconds_knew_is_found_again     # noqa: F401
from test_e2e_life import (     # noqa: F401
    standing,
    test_a_change_of_the_agent_changes_its_numbers_in_place,
    test_a_deleted_number_leaves_nothing_behind,
    test_a_direction_switched_off_takes_only_its_own_objects,
    test_a_number_of_another_carrier_gets_the_livekit_side_only,
    test_a_number_that_comes_back_while_it_is_being_deleted_ends_right,
    test_a_relink_is_one_request_and_keeps_every_id,
    test_a_second_pass_over_a_converged_world_sends_nothing,
    test_an_insert_becomes_active_with_the_fewest_requests,
    test_delete_and_insert_in_one_transaction_changes_nothing_at_the_providers,
    test_deleting_one_number_of_a_shared_trunk_leaves_the_others_as_they_are,
    test_every_id_and_setting_is_right,
    test_without_an_agent_the_routing_goes_back_first_and_then_the_rule_goes,
)
from test_e2e_lost import many      # noqa: F401
from test_e2e_lost_updates import changes      # noqa: F401
from test_e2e_refused import *     # noqa: F401, F403
from test_e2e_settings import (     # noqa: F401
    test_a_manifest_can_hold_every_setting,
    test_every_setting_is_made_changed_in_place_and_undone,
    test_secure_trunking_is_one_switch,
)
from test_e2e_sweep import *        # noqa: F401, F403


# Of the six faults those that differ in what the server has done: everything, everything later, nothing.

@pytest.mark.parametrize("fault", ["dropped after commit", "late commit"])
def test_a_create_whose_answer_is_lost_ends_with_one_object(many, fault):
    test_e2e_lost.test_a_create_whose_answer_is_lost_ends_with_one_object(many, fault)


@pytest.mark.parametrize("fault", ["dropped after commit", "late commit"])
def test_a_removal_whose_answer_is_lost_ends_with_nothing_left(many, fault):
    test_e2e_lost.test_a_removal_whose_answer_is_lost_ends_with_nothing_left(many, fault)


@pytest.mark.parametrize("fault, meanwhile", [("dropped after commit", "changed again"), ("late commit", "changed again"), ("late commit", "deleted"),
                                              ("dropped before commit", "nothing else")])
def test_an_update_whose_answer_is_lost_ends_with_the_last_wish(db, tmp_path, changes, fault, meanwhile):
    test_e2e_lost_updates.test_an_update_whose_answer_is_lost_ends_with_the_last_wish(db, tmp_path, changes, fault, meanwhile)


AT_TWILIO = "Twilio's side"
OURS = "of the daemon, the database or trunkctl, whatever LiveKit does"
SICK = "a LiveKit that cannot be reached, or refuses its key: faults of the simulator"
DIES = "where the daemon dies. LiveKit sees a lost answer, which is here"
LEFT_OUT = {
    "test_ctl_output": OURS, "test_metrics": OURS, "test_page": OURS, "test_runbooks": OURS, "test_sentences": OURS, "test_service": OURS,
    "test_views": OURS, "test_e2e_secrets": OURS,
    "test_e2e_abort": DIES, "test_e2e_safeguards": DIES,
    "test_e2e_outage": SICK,
    "test_e2e_rotation": "with real calls in test_rotation.py",
    "test_e2e_move": "a gap shows in the simulator's calls only; a second project is in test_calls.py and test_server.py",
    "test_wrong_credentials_stop_one_account_and_no_other": SICK,
    "test_a_livekit_server_without_updates_is_named": "this server has them",
    "test_an_account_that_refuses_its_credentials_is_asked_one_thing_at_a_time": SICK,
    "test_a_changed_key_is_used_at_once": SICK,
    "test_a_wrong_region_creates_nothing_deletes_nothing_and_says_so": AT_TWILIO,
    "test_three_sick_accounts_of_twenty_hold_nobody_up": SICK,
    "test_an_outage_rolls_nothing_back_and_corrupts_nothing": SICK,
    "test_a_base_url_that_the_configuration_does_not_list_is_never_asked": OURS,
    "test_a_missing_secret_is_named_and_found_when_it_comes": OURS,
    "test_many_numbers_at_once_stay_within_the_accounts_window": AT_TWILIO,
    "test_postgresql_restarted_in_mid_flight_is_waited_for_and_nothing_is_doubled": OURS,
    "test_a_daemon_that_starts_before_postgresql_waits_for_it": OURS,
    "test_a_transaction_left_open_over_rows_being_converged_makes_nobody_wait": OURS,
    "test_a_copy_of_the_database_only_reads": OURS,
    "test_a_number_moved_from_a_project_whose_key_is_revoked_stays_live_and_ends_clean": SICK,
    "test_the_previous_routing_comes_back": AT_TWILIO,
    "test_every_setting_of_a_trunk_people_wrote": AT_TWILIO,
    "test_twilio_settings_of_a_number_are_those_of_a_trunk_of_its_own": AT_TWILIO,
    "test_more_origination_urls_of_a_live_number": AT_TWILIO,
    "test_a_connection_policy_of_a_live_number": AT_TWILIO,
}


def test_no_test_is_forgotten():
    assert lanelib.forgotten(globals(), LEFT_OUT) == ([], [])
