"""The integration suite once more, with Prism between trunkd and Twilio: moves, refusals, lost answers, accounts, the database's troubles.

What is left out, and why, stands in LEFT_OUT; a pattern that leaves nothing out fails the collection. test_prism.py has the lives."""
import pytest

import worldlib
from test_e2e_accounts import *  # noqa: F403
from test_e2e_database import *  # noqa: F403
from test_e2e_ledger_lost import *  # noqa: F403
from test_e2e_lost import *  # noqa: F403
from test_e2e_move import *  # noqa: F403
from test_e2e_outage import *  # noqa: F403
from test_e2e_refused import *  # noqa: F403
from test_e2e_secrets import *  # noqa: F403

PATIENT = {"request_timeout": "3s", "send_window": "2s", "quiet_twilio": "4s", "quiet_livekit": "4s"}

# Whole files: test_e2e_abort and test_e2e_safeguards run many worlds at once, or trunkd without its safeguards; test_e2e_lost_updates
# sends the requests of test_e2e_lost. Of the others, by what is in a test's name:
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
