"""What is not known about the providers is a switch of the simulator. Every test has the standard setting of each; here are the others.

    TRUNKD_TEST_PROFILE=cautious contrib/run-tests integration -- -k e2e      every world of that run has the settings of a profile

`contrib/run-tests switches` runs the end to end tests under every profile. tests/conformance/test_switches.py lets numbers live under each
setting alone, and sees that there is a row for every switch, and a profile for every row."""
import os

SWITCHES = [
    {"twilio_list_lag_ms": 80}, {"livekit_list_lag_ms": 80}, {"livekit_read_lag_ms": 80}, {"twilio_tombstone_own": 0},
    {"twilio_domain_taken_code": 21245}, {"twilio_refusal_status": 409}, {"twilio_mapped_list_delete": 1}, {"twilio_duplicate_username": 0},
    {"twilio_attach_repeat": 1}, {"twilio_attach_moves": 0}, {"twilio_attach_refused_code": 21245}, {"twilio_unattached_caller_id": 0},
    {"twilio_offers_without_secure": 0},
    {"twilio_unknown_parameters": 1}, {"twilio_list_omits_domain": 1}, {"twilio_problem_json": 1}, {"twilio_full_list_delete": 0},
    {"twilio_policy_delete": 1}, {"twilio_byoc_delete": 0}, {"twilio_racy_names": 1}, {"twilio_keeps_case": 1}, {"twilio_sip_url_case": 1},
    {"twilio_sip_url_case": 2}, {"twilio_duplicate_url": 0}, {"twilio_empty_url": 0}, {"twilio_empty_url": 2}, {"twilio_newest_first": 1},
    {"twilio_pages_by_position": 1}, {"twilio_cap_lists_of_a_trunk": 1}, {"twilio_cap_byoc_trunks": 1}, {"twilio_retry_after_s": 1},
    {"livekit_camel": 1}, {"livekit_null_items": 1}, {"livekit_racy_conflicts": 0}, {"livekit_page_cuts": 1}, {"livekit_stamps": 1},
    {"livekit_hides_passwords": 1}, {"livekit_exp_required": 1}, {"livekit_cloud_words": 1}, {"livekit_drops_media": 1},
    {"livekit_name_max": 255}, {"livekit_body_bytes_max": 10 << 20},
]
# Settings that go together. Twilio says when to come again only to those whom it turns away, so it has room for few at once there.
PROFILES = {
    "cautious": {
        "twilio_list_lag_ms": 80, "twilio_domain_taken_code": 21245, "twilio_refusal_status": 409, "twilio_duplicate_username": 0,
        "twilio_attach_moves": 0, "twilio_attach_refused_code": 21245, "twilio_unattached_caller_id": 0, "twilio_full_list_delete": 0,
        "twilio_offers_without_secure": 0,
        "twilio_byoc_delete": 0, "twilio_sip_url_case": 1, "twilio_duplicate_url": 0, "twilio_empty_url": 2, "twilio_newest_first": 1,
        "twilio_cap_lists_of_a_trunk": 1, "twilio_cap_byoc_trunks": 1, "twilio_retry_after_s": 1, "twilio_concurrency": 3,
        "livekit_list_lag_ms": 80, "livekit_racy_conflicts": 0, "livekit_page_cuts": 1, "livekit_exp_required": 1,
        "livekit_name_max": 255, "livekit_body_bytes_max": 10 << 20, "livekit_drops_media": 1, "livekit_null_items": 1,
    },
    "generous": {
        "twilio_tombstone_own": 0, "twilio_mapped_list_delete": 1, "twilio_attach_repeat": 1, "twilio_unknown_parameters": 1,
        "twilio_list_omits_domain": 1, "twilio_problem_json": 1, "twilio_policy_delete": 1, "twilio_racy_names": 1, "twilio_keeps_case": 1,
        "twilio_sip_url_case": 2, "twilio_empty_url": 0, "twilio_pages_by_position": 1,
        "livekit_read_lag_ms": 80, "livekit_camel": 1, "livekit_stamps": 1, "livekit_hides_passwords": 1, "livekit_cloud_words": 1,
    },
}
LAGS = "without the safeguard the second request meets the first, which a list that lags does not show: then the number fails"
# What does not run under a profile: part of a test's id, the setting that it is about (None: under no profile), and why. A row that
# leaves nothing out fails the collection.
LEFT_OUT = (
    ("500 after commit", None, "the provider has done what it has done where the answer is dropped after the commit"),
    ("garbage 200", None, "the same"),
    ("no answer at all", None, "the provider has done nothing, as where the answer is dropped before the commit"),
    ("test_every_setting_of_a_trunk_people_wrote[a URL]", "twilio_empty_url", "it clears it; what is said where none can be cleared is in test_switches.py"),
    ("test_a_request_is_not_sent_again_by_the_transport", "livekit_list_lag_ms", LAGS),
    ("test_a_request_is_not_sent_again_by_the_transport", "livekit_read_lag_ms", LAGS),
    ("test_force_delete_frees_a_standing_trunk", "twilio_cap_lists_of_a_trunk", "it leaves a list there, and there is no room for another one"),
    ("test_a_transaction_left_open", None, "a minute of PostgreSQL, and few requests"),
)


def profile():
    """The settings of this run."""
    return PROFILES[os.environ["TRUNKD_TEST_PROFILE"]] if os.environ.get("TRUNKD_TEST_PROFILE") else {}


def left_out(names):
    """{name: why}, and the rows that leave nothing out."""
    rows = [(part, why) for part, setting, why in LEFT_OUT if profile() and (setting is None or setting in profile())]
    out = {name: why for name in names for part, why in rows if part in name}
    return out, [part for part, _ in rows if not any(part in name for name in names)]


if __name__ == "__main__":
    print(*PROFILES)
