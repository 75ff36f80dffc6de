"""What a role may do by a narrowed grant, and what not: both sides of each, in the world of the permission matrix."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curbstop.domain.permissions import Role
from tests.api.permission_row import WHY, at, in_office
from tests.api.permission_rows import ROWS
from tests.api.permission_world import GATE_CODE, World, ask, world_on

BY_OPERATION = {row.operation: row for row in ROWS}
ORDER = "/service-orders/{order_id}"
MONEY = {"order_id": {"type_code": "CUT_OFF_NP", "state": "dispatched", "technician_id": "$technician_id"}}


@pytest.fixture(scope="module")
def built(backend: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(backend, run_folder, tmp_path_factory.mktemp("data")) as world:
        yield world


@pytest.fixture
def world(built: World) -> Iterator[World]:
    built.connect()
    with built.sessions.once():
        yield built


def told(world: World, role: Role, operation: str, body: Any = None, **given: Any) -> tuple[int, str | None]:
    """The status and the problem's code of a row's request, with another body or another setting where given."""
    row = BY_OPERATION[operation]
    world.set_up(given or row.given, role)
    method, path = operation.split(" ")
    if body is None:
        answer = ask(world, row, role)
    else:
        sent = {"json": world.filled(body, role), "headers": {"If-Match": "*", "Idempotency-Key": "k"}}
        answer = world.client(role, on_tablet=row.on_tablet).send(method, path.format_map(world.ids), **sent)
    code = answer.json.get("code") if answer.is_json and answer.status_code >= 400 else None
    return answer.status_code, code


FORBIDDEN = (403, "forbidden")


def test_own_customer_service_cancels_what_it_creates(world: World) -> None:
    assert told(world, Role.CSR, f"POST {ORDER}/cancel", WHY, order_id={"type_code": "MTR_SET"}) == FORBIDDEN
    assert told(world, Role.CSR, f"POST {ORDER}/cancel", WHY, order_id={"type_code": "GEN"})[0] == 200


def test_crew_a_lead_dispatches_the_own_crew(world: World) -> None:
    day = {"scheduled_on": "$today"}
    assert told(world, Role.LEAD, f"POST {ORDER}/assign", {"technician_id": "$other_id", **day}) == FORBIDDEN
    assert told(world, Role.LEAD, f"POST {ORDER}/assign", {"technician_id": "$mate_id", **day})[0] == 200


def test_found_work_a_technician_creates_what_is_found_in_the_field(world: World) -> None:
    place = {"service_point_id": "$empty_place_id"}
    assert told(world, Role.TECH, "POST /service-orders", {"type_code": "MTR_XCHG", **place})[0] == 403
    assert told(world, Role.TECH, "POST /service-orders", {"type_code": "GEN", **place})[0] == 201


def test_propose_customer_service_builds_a_list_and_another_goes_on_with_it(world: World) -> None:
    free = BY_OPERATION["POST /cutoffs"].given
    assert told(world, Role.CSR, "POST /cutoffs", {"cut_on": "$today"}, **free)[0] == 201
    assert told(world, Role.CSR, "POST /cutoffs/{run_id}/proof", run_id={"stage": "built"}) == FORBIDDEN


def test_approve_a_supervisor_builds_no_list(world: World) -> None:
    assert told(world, Role.SUP, "POST /cutoffs") == FORBIDDEN
    assert told(world, Role.SUP, "POST /cutoffs/{run_id}/approve")[0] != 403


def test_not_the_builder_nobody_approves_the_own_list(world: World) -> None:
    own = {"run_id": {"stage": "finalised", "built_by_id": "$me"}}
    theirs = {"run_id": {"stage": "finalised", "payments_as_of": "$moment", "built_by_id": "$other_id"}}
    assert told(world, Role.BIL, "POST /cutoffs/{run_id}/approve", {}, **own) == (403, "four_eyes")
    assert told(world, Role.BIL, "POST /cutoffs/{run_id}/approve", {}, **theirs)[0] == 200


def test_payment_only_an_integration_takes_back_cut_offs_for_money_and_nothing_else(world: World) -> None:
    other = in_office("dispatched", type_code="GEN")
    assert told(world, Role.INT, f"POST {ORDER}/recall", WHY, **other) == FORBIDDEN
    assert told(world, Role.INT, f"POST {ORDER}/cancel", WHY, order_id={"state": "ready"}) == FORBIDDEN
    assert told(world, Role.INT, f"POST {ORDER}/recall", WHY, **MONEY)[0] == 200


def test_per_gate_billing_overrides_the_gates_that_name_it(world: World) -> None:
    operation = "POST /cutoffs/{run_id}/lines/{line_id}/overrides"
    assert told(world, Role.BIL, operation) == FORBIDDEN
    assert told(world, Role.SUP, operation)[0] == 200


def test_geo_only_a_gis_editor_edits_places_and_no_notes(world: World) -> None:
    operation = "PATCH /service-points/{service_point_id}"
    assert told(world, Role.GIS, operation, {"access_notes": "Behind the shed."}) == FORBIDDEN
    assert told(world, Role.GIS, operation, {"longitude": -79.0, "latitude": 35.0})[0] == 200


def test_scoped_an_integration_sees_the_customers_that_it_made(world: World) -> None:
    operation = "GET /customers/{customer_id}"
    assert told(world, Role.INT, operation, customer_id={"source_key": None}) == (404, "not_found")
    assert told(world, Role.INT, operation, customer_id={"source_key": "C-1"})[0] == 200


def test_assigned_in_window_a_technician_sees_the_gate_code_of_an_order_in_hand(world: World) -> None:
    operation = "GET /sync/v1/service-points/{service_point_id}/gate-code"
    status, code = told(world, Role.TECH, operation, **in_office("dispatched", technician_id="$other_id"))
    assert (status, code is not None) == (403, True)
    assert told(world, Role.TECH, operation, **at("dispatched"))[0] == 200
    assert ask(world, BY_OPERATION[operation], Role.TECH).json == {"gate_code": GATE_CODE}
