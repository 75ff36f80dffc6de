"""Gate codes: sealed, shown to those who may, within the work window, and every look audited."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands import secrets, staff
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.audit import AuditEntry
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.settings import Settings

# 10 in the morning in New York.
MORNING = datetime(2026, 7, 30, 14, 0, tzinfo=UTC)
TODAY = MORNING.date()


class Gate:
    """A place with a gate code, and a technician with an order there."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        self.tess = staff.create(system_work(session, settings), login="tess", name="Tess", roles=[Role.TECH]).id
        self.point = ServicePoint(id=new_id(), number="SP-000001", address="1 Main St")
        session.add(self.point)
        session.flush()
        secrets.set_gate_code(self.work(Role.CSR), self.point.id, "4711#")

    def work(self, role: Role, at: datetime = MORNING) -> Work:
        return Work(self.session, Actor(self.tess, "Tess", frozenset({role})), self.settings, at)

    def order(self, **other: Any) -> None:
        given = {"state": "dispatched", "scheduled_on": TODAY, "technician_id": self.tess, **other}
        number = f"SO-2026-{len(self.session.scalars(select(ServiceOrder)).all()):05d}"
        self.session.add(
            ServiceOrder(
                id=new_id(), number=number, type_code="GEN", type_version=1, service_point_id=self.point.id, **given
            )
        )
        self.session.flush()

    def look(self, role: Role, at: datetime = MORNING) -> str:
        return secrets.reveal_gate_code(self.work(role, at), self.point.id)


@pytest.fixture
def gate(session: Session, settings: Settings) -> Gate:
    return Gate(session, settings)


def test_a_gate_code_is_stored_sealed_and_for_its_place_only(gate: Gate, settings: Settings) -> None:
    sealed = gate.point.gate_code_sealed
    assert sealed is not None
    assert b"4711" not in sealed
    assert secrets.unseal(settings, gate.point.id, sealed) == "4711#"
    with pytest.raises(Problem, match="bad_setting"):
        secrets.unseal(settings, new_id(), sealed)


def test_the_office_may_look_and_is_audited(gate: Gate) -> None:
    assert gate.look(Role.CSR) == gate.look(Role.SUP) == "4711#"
    rows = gate.session.scalars(select(AuditEntry).where(AuditEntry.entity_id == gate.point.id)).all()
    assert [row.action for row in rows][1:] == ["service_point.reveal_gate_code"] * 2
    assert "4711" not in str([(row.before, row.after) for row in rows])


@pytest.mark.parametrize("role", [Role.DSP, Role.BIL, Role.GIS, Role.ADM, Role.AUD, Role.INT])
def test_nobody_else_may_look(gate: Gate, role: Role) -> None:
    gate.order()
    with pytest.raises(Problem, match="forbidden"):
        gate.look(role)


def test_the_technician_looks_with_todays_order_within_the_window(gate: Gate) -> None:
    with pytest.raises(Problem, match="forbidden"):
        gate.look(Role.TECH)
    gate.order()
    assert gate.look(Role.TECH) == "4711#"
    # 06:59 and 18:00 in New York.
    for hour, minute in ((10, 59), (22, 0)):
        with pytest.raises(Problem, match="forbidden"):
            gate.look(Role.TECH, MORNING.replace(hour=hour, minute=minute))


@pytest.mark.parametrize(
    "other",
    [{"state": "completed"}, {"state": "assigned"}, {"scheduled_on": TODAY.replace(day=29)}, {"technician_id": None}],
)
def test_an_order_of_another_day_state_or_person_opens_nothing(gate: Gate, other: dict[str, Any]) -> None:
    gate.order(**other)
    with pytest.raises(Problem, match="forbidden"):
        gate.look(Role.TECH)


def test_a_place_without_a_code_has_nothing_to_show(gate: Gate) -> None:
    secrets.set_gate_code(gate.work(Role.CSR), gate.point.id, None)
    with pytest.raises(Problem, match="not_found"):
        gate.look(Role.CSR)
    with pytest.raises(Problem, match="forbidden"):
        secrets.set_gate_code(gate.work(Role.TECH), gate.point.id, "1")
