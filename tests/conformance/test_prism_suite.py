"""The integration suite once more, with Prism between trunkd and Twilio: settings, moves, refusals, lost answers, mass removals, accounts,
the database's troubles.

What is left out, and why, stands in LEFT_OUT; a pattern that leaves nothing out fails the collection. test_prism.py has the lives."""
import pytest

import worldlib
from test_e2e_abort import (  # noqa: F401
    test_a_holder_stopped_while_its_request_is_under_way_is_followed_by_one_object,
    test_a_stop_in_the_middle_loses_no_operation,
    test_the_holder_that_ends_well_hands_over_at_once,
)
from test_e2e_accounts import *  # noqa: F403
from test_e2e_brake import *  # noqa: F403
from test_e2e_database import *  # noqa: F403
from test_e2e_ledger_lost import *  # noqa: F403
from test_e2e_lost import *  # noqa: F403
from test_e2e_move import *  # noqa: F403
from test_e2e_outage import *  # noqa: F403
from test_e2e_refused import *  # noqa: F403
from test_e2e_secrets import *  # noqa: F403
from test_e2e_settings import *  # noqa: F403

PATIENT = {"request_timeout": "3s", "send_window": "2s", "quiet_twilio": "4s", "quiet_livekit": "4s"}

# Not imported: test_e2e_safeguards and the rest of test_e2e_abort run worlds beside each other, and Prism has one server behind it;
# test_e2e_lost_updates has forty accounts at once, more than Prism answers in time: its requests are in test_prism.py. Of the others, by
# what is in a test's name:
LEFT_OUT = (
    "hangs-during", "test_one_account_out_of_reach", "no answer at all", "late commit",     # Prism answers a hanging request by itself
    "test_a_base_url_that_the_configuration_does_not_list",                                 # every base URL is Prism's here
    "test_one_missing_object",                                                              # is in test_prism.py
    "test_a_transaction_left_open",                                                         # a minute of PostgreSQL, and few requests
    "500 after commit", "dropped before commit",                                            # the same requests as the other faults
)


@pytest.fixture(autouse=True)
def through_prism(prism, monkeypatch):
    with prism.between(worldlib, monkeypatch, PATIENT):
        yield


def test_zz_every_exception_is_needed(prism, request):
    """The last test that Prism looks on."""
    together = {"test_prism.py", "test_prism_sdk.py", "test_prism_suite.py"}
    if request.config.option.keyword or any("::" in a for a in request.config.args) or not together <= {i.path.name for i in request.session.items}:
        pytest.skip("only some tests were run")
    assert prism.exceptions.unused() == []
