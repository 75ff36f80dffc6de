"""Attacks every operation by its own document, as several people, with well-formed and malformed requests.

CURBSTOP_ATTACKS=100 makes a hundred requests of each kind for each operation instead of four.
"""

import contextlib
import os
from typing import Any
from uuid import UUID

import hypothesis
import hypothesis.errors
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from sqlalchemy import select

from curbstop.commands import reference, staff, supervisor_tasks, tablets
from curbstop.commands.work import system_work
from curbstop.domain.permissions import Role
from curbstop.models import Customer, Cycle, Reading, RouteSession, RouteVersion, TabletIncident
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.api.test_conflicts import parked
from tests.town import Town

# A request that the document allows may still be refused by a rule of the domain; stateful checks need a run of theirs.
LEFT_OUT = {"positive_data_acceptance", "use_after_free", "ensure_resource_availability", "ignored_auth"}
# Building the requests is what takes time: each backend is attacked by two people, who share its operations.
ATTACKERS = {"embedded": ("ada", "tess"), "services": ("sue", "carla")}
# Streams that stay open have tests of their own.
ENDLESS = {"/sync/v1/stream", "/dispatch/stream", "/compat/powersync/sync/stream"}
# The chunks of tus are bytes under a name of their own.
schemathesis.serializer("application/offset+octet-stream")(lambda _, value: value)
# Refusals that schemathesis does not count as such: the statuses of tus 1.0.0, and of a range that is not there.
OTHER_REFUSALS = {410, 412, 413, 416, 423, 460}
RUN = hypothesis.settings(
    max_examples=int(os.environ.get("CURBSTOP_ATTACKS", "2")),
    database=None,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def checks() -> list[Any]:
    load_all_checks()
    return [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]


def real_ids(office: Office) -> dict[str, UUID]:
    """Ids that lead somewhere, by the names of path parameters."""
    town = Town(office.sessions, office.settings, staff=dict(office.ids))
    with office.sessions.write() as session:
        work = system_work(session, office.settings)
        reference.load_catalogue(work)
        # Somebody to be edited and a tablet to be revoked, so that the attackers stay what they are.
        made = staff.create(work, login="victim", name="Victim", roles=[Role.CSR]).id
        code = tablets.make_code(work, "To be revoked").code
        tablet = tablets.enrol(work, code, install_id="victim").tablet_id
    place = town.place()
    order = town.order("GEN", place)
    town.route([place], to="tom")
    with town.work() as work:
        task = supervisor_tasks.open_task(work, "completed_after_recall", detail="Look.", order_id=order).id
    return {
        **walked(office),
        "incident_id": lost_work(office, tablet),
        "staff_id": made,
        "tablet_id": tablet,
        "order_id": order,
        "service_point_id": place.id,
        "account_id": place.account_id,
        "meter_id": place.meter_id,
        "supervisor_task_id": task,
        "conflict_id": UUID(parked(town, order)),
    }


def lost_work(office: Office, tablet_id: UUID) -> UUID:
    """An incident of the tablet."""
    incident = TabletIncident(id=new_id(), tablet_id=tablet_id, kind="gap", detail="Lost?", ops_lost=1, facts={})
    with office.sessions.write() as session:
        session.add(incident)
    return incident.id


def walked(office: Office) -> dict[str, UUID]:
    """What came with the place: a customer, a reading, and a route that is being walked."""
    with office.sessions.read() as session:
        version = session.scalars(select(RouteVersion)).one()
        return {
            "customer_id": session.scalars(select(Customer.id)).one(),
            "reading_id": session.scalars(select(Reading.id)).one(),
            "cycle_id": session.scalars(select(Cycle.id)).one(),
            "route_id": version.route_id,
            "route_version_id": version.id,
            "route_session_id": session.scalars(select(RouteSession.id)).one(),
        }


def document_without_sign_in(office: Office) -> Any:
    """Everybody here is signed in; otherwise a missing token would count as the malformed part of a request."""
    document = office.anyone().get("/openapi.json").json
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = office.app
    return schema


@pytest.mark.parametrize("turn", [0, 1])
def test_no_operation_breaks_its_word(office: Office, backend: str, turn: int) -> None:
    name = ATTACKERS[backend][turn]
    tablet = office.enrolled().tablet_id if name == "tess" else None
    attack = Attack(office.as_(name, tablet=tablet).headers, real_ids(office), checks())
    operations = [result.ok() for result in document_without_sign_in(office).get_all_operations()]
    for operation in operations[turn::2]:
        if operation.path not in ENDLESS:
            attack.well_formed(operation)
            attack.malformed(operation)
    assert attack.count > 100


class Attack:
    """Requests made from the document, each answer held against it."""

    def __init__(self, headers: dict[str, str], ids: dict[str, UUID], wanted: list[Any]) -> None:
        self.headers, self.ids, self.wanted, self.count = headers, ids, wanted, 0

    def well_formed(self, operation: Any) -> None:
        @RUN
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), real=st.booleans())
        def attack(case: Any, real: bool) -> None:
            if real:
                self._lead_somewhere(case)
            self._send(case)

        attack()

    def malformed(self, operation: Any) -> None:
        @RUN
        @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        def attack(case: Any) -> None:
            self._send(case)

        # Nothing can be malformed where nothing is sent.
        with contextlib.suppress(hypothesis.errors.Unsatisfiable, hypothesis.errors.NoSuchExample):
            attack()

    def _lead_somewhere(self, case: Any) -> None:
        for key in case.path_parameters or {}:
            case.path_parameters[key] = str(self.ids.get(key, case.path_parameters[key]))
        if "If-Match" in (case.headers or {}):
            case.headers["If-Match"] = "*"

    def _send(self, case: Any) -> None:
        self.count += 1
        response = case.call(headers=self.headers)
        refused = response.status_code in OTHER_REFUSALS
        wanted = [check for check in self.wanted if not (refused and check.__name__ == "negative_data_rejection")]
        case.validate_response(response, checks=wanted, headers=self.headers)
