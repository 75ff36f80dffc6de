"""A policy is data: checked setting by setting, with a profile to start from."""

from typing import Any

import pytest

from curbstop.domain import policy
from curbstop.domain.policy import PROFILES, edited, from_json, profile
from curbstop.domain.problems import Problem


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_whole_and_survives_being_stored(name: str) -> None:
    found = profile(name)
    assert from_json(found.to_json()) == found


def test_there_is_no_profile_of_another_name() -> None:
    with pytest.raises(Problem, match="generic, nc, ca"):
        profile("tx")


def test_north_carolina_refuses_a_tampering_penalty() -> None:
    """G.S. 14-151 makes tampering a crime, and no local government may charge a penalty beside it."""
    assert profile("generic").fee_cents("tamper_penalty") == 0
    with pytest.raises(Problem) as refused:
        profile("nc").fee_cents("tamper_penalty")
    assert (refused.value.code, refused.value.extra["kind"]) == ("fee_refused", "tamper_penalty")
    assert profile("nc").fee_cents("damage_cost") == 0


def test_a_fee_that_the_policy_does_not_know_is_refused() -> None:
    with pytest.raises(Problem, match="fee_refused"):
        profile("generic").fee_cents("nuisance")


def test_california_waits_sixty_days_and_asks_for_contact() -> None:
    found = profile("ca")
    assert (found.cut_off.delinquent_days, found.notice.counted_in, found.notice.contact_proof) == (
        60,
        "business",
        True,
    )
    assert found.cut_off.weekdays == profile("generic").cut_off.weekdays


def test_an_edit_changes_what_it_names_and_nothing_else() -> None:
    changed = edited(
        profile("nc"), {"cut_off": {"delinquent_days": 15}, "fees": {"amounts_cents": {"reconnect": 4000}}}
    )
    assert changed.cut_off.delinquent_days == 15
    assert changed.fee_cents("reconnect") == 4000
    assert changed.fee_cents("cut_off") == profile("nc").fee_cents("cut_off")
    assert profile("nc").cut_off.delinquent_days == 10


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"cut_off": {"delinquent_days": "ten"}}, "cut_off.delinquent_days"),
        ({"cut_off": {"delinquent_days": True}}, "cut_off.delinquent_days"),
        ({"cut_off": {"delinquent_days": -1}}, "cut_off.delinquent_days"),
        ({"cut_off": {"delinquent_day": 5}}, "cut_off.delinquent_day"),
        ({"cut_off": {"weekdays": ["monday"]}}, "cut_off.weekdays"),
        ({"cut_off": {"weekdays": "mon"}}, "cut_off.weekdays"),
        ({"cut_off": {"opens": "8.30"}}, "cut_off.opens"),
        ({"cut_off": {"opens": "16:00"}}, "cut_off.closes"),
        ({"cut_off": {"day_before_closure": "maybe"}}, "cut_off.day_before_closure"),
        ({"cut_off": 5}, "cut_off"),
        ({"notice": {"counted_in": "moons"}}, "notice.counted_in"),
        ({"calendar": {"weekend": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}}, "calendar.weekend"),
        ({"fees": {"attached_at": "never"}}, "fees.attached_at"),
        ({"fees": {"amounts_cents": {"reconnect": 12.5}}}, "fees.amounts_cents.reconnect"),
        ({"fees": {"amounts_cents": {"reconnect": -5}}}, "fees.amounts_cents.reconnect"),
        ({"overrides": {"hours": ["KING"]}}, "overrides.hours"),
        ({"cut_off": {"closes": "15:00+05:00"}}, "cut_off.closes"),
        ({"medical": {"days": 10**9}}, "medical.days"),
        ({"cut_off": {"least_past_due_cents": 10**12}}, "cut_off.least_past_due_cents"),
        ({"weather": {"coldest_f": -10_000}}, "weather.coldest_f"),
        ({"unheard_of": {}}, "unheard_of"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(changes: dict[str, Any], setting: str) -> None:
    with pytest.raises(Problem) as refused:
        edited(profile("generic"), changes)
    assert refused.value.code == "policy_invalid"
    assert setting in refused.value.detail


def test_a_missing_setting_is_named() -> None:
    data = profile("generic").to_json()
    del data["notice"]["days"]
    with pytest.raises(Problem, match=r"notice\.days is missing"):
        from_json(data)


def test_it_may_freeze() -> None:
    changed = edited(profile("generic"), {"weather": {"coldest_f": -10}})
    assert changed.weather.coldest_f == -10
    assert policy.from_json(changed.to_json()) == changed


def test_a_version_of_an_earlier_release_is_read_whatever_was_decided_since() -> None:
    """Nothing may come to a halt because a setting came, went, or is checked more strictly."""
    data = profile("nc").to_json()
    del data["notice"]["days"], data["weather"]
    data["critical"]["approved_by"] = ["SUP"]
    data["moon"] = {"phase": "full"}
    data["medical"]["days"] = 10_000
    found = policy.stored("nc", data)
    assert (found.notice, found.weather, found.medical.days) == (profile("nc").notice, profile("nc").weather, 10_000)
