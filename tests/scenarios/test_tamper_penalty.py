"""Must-pass 12: a utility in North Carolina cannot be set up to charge a penalty for tampering."""

from typing import Any

import pytest

from tests.api.office import Client
from tests.scenarios.conftest import Desk

LAW = {"reason": "We are in North Carolina."}


@pytest.fixture
def ada(desk: Desk) -> Client:
    """The administrator, of a utility in North Carolina."""
    ada = desk("ada")
    assert ada.post("/policy/start", {"profile": "nc", **LAW}, version=0).status_code == 200
    return ada


@pytest.mark.parametrize(
    ("fees", "setting"),
    [
        ({"amounts_cents": {"tamper_penalty": 25_000}}, "fees.amounts_cents.tamper_penalty"),
        ({"refused": []}, "fees.refused"),
        ({"refused": [], "amounts_cents": {"tamper_penalty": 25_000}}, "fees.refused"),
    ],
)
def test_no_setting_brings_it_back(ada: Client, fees: dict[str, Any], setting: str) -> None:
    refused = ada.patch("/policy", {"changes": {"fees": fees}, "reason": "The council wants it."}, version=1)
    assert (refused.status_code, refused.json["code"], refused.json["setting"]) == (422, "policy_invalid", setting)
    now = ada.get("/policy").json
    assert now["version"] == 1
    assert now["content"]["fees"]["refused"] == ["tamper_penalty"]
    assert now["content"]["fees"]["amounts_cents"]["tamper_penalty"] == 0


def test_what_was_broken_may_be_charged(ada: Client) -> None:
    changes = {"fees": {"amounts_cents": {"damage_cost": 12_500}}}
    edited = ada.patch("/policy", {"changes": changes, "reason": "What a lock costs."}, version=1)
    assert (edited.status_code, edited.json["content"]["fees"]["amounts_cents"]["damage_cost"]) == (200, 12_500)


def test_elsewhere_the_utility_decides(desk: Desk) -> None:
    changes = {"fees": {"amounts_cents": {"tamper_penalty": 25_000}}}
    edited = desk("ada").patch("/policy", {"changes": changes, "reason": "By our ordinance."}, version=0)
    assert edited.status_code == 200
