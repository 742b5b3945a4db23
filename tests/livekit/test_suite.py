"""The integration suite's LiveKit half once more, on the real server: the very same tests, by name."""
import pytest

import test_e2e_lost
import test_e2e_lost_updates
from test_e2e_accounts import (     # noqa: F401
    test_everything_gone_at_livekit_is_a_fault_until_it_is_released,
    test_one_missing_object_beside_visible_ones_is_made_again,
    two,
)
from test_e2e_database import (     # noqa: F401
    test_a_lost_number_is_found_again_and_nothing_is_doubled,
    test_everything_lost_but_the_wishes_is_found_again,
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
from test_e2e_refused import (     # noqa: F401
    test_a_refused_change_of_a_live_number_leaves_the_old_settings_in_force,
    test_a_setup_refused_for_good_is_rolled_back_whole,
    test_retry_tries_a_failed_number_again,
)
from test_e2e_settings import (     # noqa: F401
    test_a_manifest_can_hold_every_setting,
    test_every_setting_is_made_changed_in_place_and_undone,
)


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
