"""The official SDK through Prism: verbs that trunkd does not use are held against Twilio's documents too."""
import pytest

import nodelib
from test_sdk_twilio import (Maker, test_created_fetched_and_listed, test_numbers_are_found_routed_and_given_back,  # noqa: F401
                             test_pages_are_followed_to_the_end, test_recording_is_fetched_and_updated, test_removed_once,
                             test_the_account_is_listed_and_fetched, test_updated_in_place)


@pytest.fixture(scope="module")
def sdk_process(node_modules, sdk_sim, prism):
    sdks = nodelib.Sdks(node_modules, sdk_sim, twilio_url=prism.front(sdk_sim.twilio_url))
    yield sdks
    sdks.close()


@pytest.fixture
def maker(sdk):
    """Its numbers have fewer fields unset: Prism's header of findings has an end."""
    class Quiet(Maker):
        new_number = {**Maker.new_number, **{name: None for name in ("sms_application_sid", "sms_url", "sms_fallback_url", "status_callback")}}

    return Quiet(sdk)


@pytest.fixture(autouse=True)
def through_prism(prism):
    with prism.watched():
        yield
