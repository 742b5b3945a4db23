"""The integration suite once more, with Prism between trunkd and Twilio. test_prism.py has the lives, with longer times.

What is left out, and why, stands in LEFT_OUT and ELSEWHERE; a row that leaves nothing out fails, and so does a test that is neither here
nor there."""
import pytest

import lanelib
import test_prism
import worldlib
from test_e2e_abort import *  # noqa: F403
from test_e2e_accounts import *  # noqa: F403
from test_e2e_brake import *  # noqa: F403
from test_e2e_carrier import *  # noqa: F403
from test_e2e_database import *  # noqa: F403
from test_e2e_ledger_lost import *  # noqa: F403
from test_e2e_lost import *  # noqa: F403
from test_e2e_lost_updates import *  # noqa: F403
from test_e2e_move import *  # noqa: F403
from test_e2e_outage import *  # noqa: F403
from test_e2e_refused import *  # noqa: F403
from test_e2e_rotation import *  # noqa: F403
from test_e2e_safeguards import *  # noqa: F403
from test_e2e_secrets import *  # noqa: F403
from test_e2e_settings import *  # noqa: F403
from test_e2e_sweep import *  # noqa: F403

PATIENT = {"request_timeout": "3s", "send_window": "2s", "quiet_twilio": "4s", "quiet_livekit": "4s"}

# Of the tests imported above, by what is in a test's name.
LEFT_OUT = (
    "hangs-during", "test_one_account_out_of_reach", "no answer at all",                    # Prism answers a hanging request by itself
    "test_a_base_url_that_the_configuration_does_not_list",                                 # every base URL is Prism's here
    "test_one_missing_object",                                                              # is in test_prism.py
    "test_a_transaction_left_open",                                                         # a minute of PostgreSQL, and few requests
    "500 after commit", "dropped before commit",                                            # the same requests as the other faults
)
# Of the others, by file or name.
ELSEWHERE = {
    "test_ctl_output": "what trunkctl prints; its requests are those of a life",
    "test_metrics": "the same life, counted",
    "test_page": "the same life, looked at",
    "test_runbooks": "what people type; the requests are those of a life, a revoked key and a lost ledger, which are here",
    "test_sentences": "no daemon runs",
    "test_service": "how the daemon starts, reloads and stops",
    "test_views": "no daemon runs",
}


@pytest.fixture(autouse=True)
def through_prism(prism, monkeypatch):
    with prism.between(worldlib, monkeypatch, PATIENT):
        yield


def test_no_test_is_forgotten():
    assert lanelib.forgotten({*globals(), *vars(test_prism)}, ELSEWHERE) == ([], [])


def test_no_request_breaks_a_rule_but_the_two(prism):
    """The exceptions are for what the simulator answers. Of requests there are two values that the documents forbid by mistake: corrections, 4."""
    requests = [line for line in prism.exceptions.used if line.startswith("request")]
    assert requests and all(": Request body property TrunkSid " in line or ": Request body property DisasterRecoveryUrl " in line for line in requests)


def test_zz_every_exception_is_needed(prism, request):
    """The last test that Prism looks on."""
    together = {"test_prism.py", "test_prism_sdk.py", "test_prism_suite.py"}
    if request.config.option.keyword or any("::" in a for a in request.config.args) or not together <= {i.path.name for i in request.session.items}:
        pytest.skip("only some tests were run")
    assert prism.exceptions.unused() == []
