"""The catalogue of order types, its checks, and its way through JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from curbstop.domain.effects import EFFECTS, EffectKind
from curbstop.domain.order_types import (
    CaptureKind,
    OrderType,
    is_no_access,
    load_catalogue,
    outcome_completes,
    parse_catalogue,
    require_creatable,
)
from curbstop.domain.outcomes import CatalogueError, load_code_tables, parse_code_tables, read_toml
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem

# Every code of the reference's catalogue, one entry each.
REFERENCE = {
    "CUT_OFF_NP",
    "CUT_OFF_RTN",
    "CUT_OFF_REQ",
    "CUT_OFF_VIOL",
    "CUT_OFF_EMG",
    "CUT_ON_NEW",
    "CUT_ON_RSTR",
    "READ_RE",
    "READ_FINAL",
    "READ_INIT",
    "READ_SPEC",
    "HIGH_CHK",
    "LOW_CHK",
    "STOP_CHK",
    "MTR_XCHG",
    "REG_XCHG",
    "MTR_SET",
    "MTR_PULL",
    "MTR_TEST",
    "LOCK_CHK",
    "TAMPER_INV",
    "AMI_INV",
    "ACC_CHK",
    "ACC_CLR",
    "BOX_RPR",
    "LEAK_INV",
    "PRESS_CHK",
    "WQ_CHK",
    "TAP_SITE",
    "TAP_INST",
    "TEMP_SET",
    "TEMP_PULL",
    "DEV_SET",
    "RTE_FIX",
    "GEN",
}
BUILT = REFERENCE
CATALOGUE = load_catalogue()


def test_the_catalogue_has_every_order_type_and_these_are_built() -> None:
    assert set(CATALOGUE) == REFERENCE
    assert {code for code, kind in CATALOGUE.items() if kind.built} == BUILT


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
def test_an_order_type_survives_the_way_through_json(kind: OrderType) -> None:
    assert OrderType.from_json(json.loads(json.dumps(kind.to_json()))) == kind


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
def test_every_capture_has_a_label_for_the_screen(kind: OrderType) -> None:
    assert all(capture.label and not capture.label.islower() for capture in kind.captures)
    assert kind.create_roles or kind.system_creates


def test_a_built_type_uses_only_built_effects() -> None:
    used = {call.effect for code in BUILT for call in CATALOGUE[code].effects}
    assert used <= {name for name, effect in EFFECTS.items() if effect.built}


def test_a_change_out_asks_for_its_four_photos() -> None:
    photos = [capture for capture in CATALOGUE["MTR_XCHG"].captures if capture.kind is CaptureKind.PHOTO]
    assert len([photo for photo in photos if photo.required]) == 4


def test_a_type_that_is_not_built_cannot_be_created() -> None:
    with pytest.raises(Problem) as caught:
        require_creatable(replace(CATALOGUE["GEN"], built=False), frozenset(Role), system=True)
    assert caught.value.code == "order_type_inactive"


def test_a_type_is_created_by_its_roles_only() -> None:
    require_creatable(CATALOGUE["CUT_OFF_REQ"], frozenset({Role.CSR}))
    require_creatable(CATALOGUE["ACC_CHK"], frozenset(), system=True)
    require_creatable(CATALOGUE["GEN"], frozenset({Role.TECH}), found_work=True)
    with pytest.raises(Problem) as caught:
        require_creatable(CATALOGUE["MTR_XCHG"], frozenset({Role.CSR}))
    assert caught.value.code == "order_type_not_yours"
    assert caught.value.extra["allowed_roles"] == ["BIL", "SUP"]


def test_an_approver_needs_no_approval() -> None:
    kind = CATALOGUE["CUT_OFF_NP"]
    assert not kind.needs_approval(frozenset({Role.SUP}))
    assert kind.needs_approval(frozenset({Role.CSR}))
    assert not CATALOGUE["GEN"].needs_approval(frozenset({Role.CSR}))


def test_only_work_on_valves_meters_and_mains_changes_the_ground() -> None:
    assert {code for code in BUILT if CATALOGUE[code].changes_the_ground} == {
        "CUT_OFF_NP", "CUT_OFF_RTN", "CUT_OFF_VIOL", "CUT_OFF_REQ", "CUT_OFF_EMG", "CUT_ON_NEW", "CUT_ON_RSTR",
        "MTR_XCHG", "REG_XCHG", "MTR_SET", "MTR_PULL", "TAP_INST", "TEMP_SET", "TEMP_PULL", "DEV_SET", "TAMPER_INV",
        "LEAK_INV",
    }  # fmt: skip


def test_a_leak_that_was_not_shut_off_changed_nothing_in_the_ground() -> None:
    kind = CATALOGUE["LEAK_INV"]
    assert kind.changed_the_ground({"shut": True})
    assert not kind.changed_the_ground({"shut": False})
    assert not kind.changed_the_ground({"shut": 1})


def test_an_outcome_completes_or_returns_and_a_strange_one_is_refused() -> None:
    kind = CATALOGUE["GEN"]
    assert outcome_completes(kind, "DONE")
    assert not outcome_completes(kind, "NO_ACCESS_DOG")
    with pytest.raises(Problem) as caught:
        outcome_completes(kind, "PAID_AT_DOOR")
    assert caught.value.code == "outcome_unknown"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda row: row.update(outcomes=["DONE", "GONE"]), "GEN: unknown outcome 'GONE'"),
        (lambda row: row.update(effects=[{"effect": "explode"}]), "GEN: unknown effect 'explode'"),
        (lambda row: row.update(effects=["attach_fee"]), "GEN: effect attach_fee needs 'kind'"),
        (lambda row: row.update(effects=[{"effect": "log_contact", "reason": "fun"}]), "GEN: .*does not know reason"),
        (
            lambda row: row.update(effects=[{"effect": "create_order", "code": "GEN", "only_if": {"capture": "x"}}]),
            "GEN: .*only_if is",
        ),
        (
            lambda row: row.update(
                effects=[{"effect": "create_order", "code": "GEN", "only_if": {"capture": "x", "is": [True]}}]
            ),
            "GEN: .*only_if: unknown capture 'x'",
        ),
        (
            lambda row: row.update(captures=[{"name": "x", "kind": "smell", "label": "X"}]),
            "GEN: .*unknown kind 'smell'",
        ),
        (lambda row: row.update(captures=["nothing_shared"]), "GEN: unknown shared capture"),
        (lambda row: row.update(captures=["read", "read"]), "GEN: capture 'read' is there twice"),
        (lambda row: row.update(captures=[{"name": "x", "kind": "choice", "label": "X"}]), "GEN: .*choices belong"),
        (lambda row: row.update(create_roles=["KING"]), "GEN: 'KING'"),
        (lambda row: row.update(outcomes=["NOT_FOUND"]), "GEN: no outcome completes it"),
        (lambda row: row.update(outcomes=["@NONE"]), "GEN: unknown outcome group"),
        (lambda row: row.update(priority=9), "GEN: priority is 1 to 5"),
        (lambda row: row.update(colour="red"), "GEN: .*colour"),
    ],
)
def test_a_wrong_entry_is_named(spoil: Callable[[dict[str, Any]], None], message: str) -> None:
    data = {**read_toml("captures.toml"), **read_toml("order_types.toml")}
    row = dict(data["order_types"]["GEN"])
    spoil(row)
    with pytest.raises(CatalogueError, match=message):
        parse_catalogue({**data, "order_types": {"GEN": row}})


def test_a_type_is_not_built_before_its_effects_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EFFECTS, "note_asset", EffectKind("it is noted"))
    data = {**read_toml("captures.toml"), **read_toml("order_types.toml")}
    with pytest.raises(CatalogueError, match="GEN: effect note_asset is not built"):
        parse_catalogue({**data, "order_types": {"GEN": {**data["order_types"]["GEN"], "effects": ["note_asset"]}}})


def test_every_no_access_outcome_but_refusal_and_danger_names_its_category() -> None:
    outcomes = load_code_tables().outcomes
    without = {code for code in outcomes if is_no_access(code) and outcomes[code].access_category is None}
    assert without == {"NO_ACCESS_REFUSED", "NO_ACCESS_UNSAFE"}
    assert len([code for code in outcomes if is_no_access(code)]) == 11


def test_the_utilitys_own_categories_are_the_three_of_the_reference() -> None:
    categories = load_code_tables().access_categories.values()
    assert {row.code for row in categories if row.utility_owned} == {"FLOODED", "INSECTS", "LID_BROKEN"}


@pytest.mark.parametrize(
    "row",
    [
        {"category": "maybe"},
        {"category": "other", "access_category": "GHOST"},
        {"category": "other", "completes": True},
    ],
)
def test_a_wrong_outcome_is_named(row: dict[str, Any]) -> None:
    data = read_toml("outcomes.toml")
    with pytest.raises(CatalogueError, match="BAD"):
        parse_code_tables({**data, "outcomes": {"BAD": {"label": "Bad", **row}}})
