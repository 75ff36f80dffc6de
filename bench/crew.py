"""Technicians with a tablet each, and routes for them: who listens and pulls when five hundred do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from api.core.tokens import Claims, Tokens
from bench.place import Database
from curbstop.commands import routes
from curbstop.domain.permissions import Role
from curbstop.models.ids import new_id
from curbstop.models.route import Cycle, Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet


@dataclass(frozen=True, slots=True)
class Member:
    """A technician, and the access token of their tablet."""

    staff_id: UUID
    token: str


def hire(base: Database, count: int) -> list[Member]:
    """So many technicians; nobody has to sign in for a figure that is not about signing in."""
    tokens = Tokens(base.settings.secret_key, base.settings.access_minutes)
    staff_ids, tablet_ids = [new_id() for _ in range(count)], [new_id() for _ in range(count)]
    people = [
        {"id": one, "login": f"crew-{number}", "name": f"Crew {number}", "roles": [Role.TECH.value]}
        for number, one in enumerate(staff_ids)
    ]
    devices = [
        {
            "id": one,
            "name": f"T{number}",
            "install_id": f"i{number}",
            "key_hash": one.bytes,
            "staff_id": staff_ids[number],
        }
        for number, one in enumerate(tablet_ids)
    ]
    with base.work() as work:
        work.session.execute(insert(Staff), people)
        work.session.execute(insert(Tablet), devices)
    return [
        Member(staff_id, tokens.access_token(Claims(staff_id, tablet_id), [Role.TECH.value]))
        for staff_id, tablet_id in zip(staff_ids, tablet_ids, strict=True)
    ]


def give_routes(base: Database, crew: Sequence[Member], *, stops: int, count: int) -> None:
    """So many routes of so many stops through the city's service points, walked today by the crew in turn."""
    with base.work() as work:
        session = work.session
        places = list(session.scalars(select(ServicePoint.id).order_by(ServicePoint.number).limit(stops * count)))
        assert len(places) == stops * count
        cycle = new_id()
        session.execute(insert(Cycle), [{"id": cycle, "code": "B", "name": "Bench"}])
        versions = []
        for number in range(count):
            route, version = new_id(), new_id()
            session.execute(insert(Route), [{"id": route, "code": f"B{number}", "name": "Bench", "cycle_id": cycle}])
            head = {"id": version, "route_id": route, "number": 1, "state": "published", "stop_count": stops}
            session.execute(insert(RouteVersion), [head])
            through = places[number * stops : (number + 1) * stops]
            session.execute(
                insert(Stop),
                [
                    {"id": new_id(), "route_version_id": version, "service_point_id": place, "sequence": 10 * nth}
                    for nth, place in enumerate(through, 1)
                ],
            )
            versions.append(version)
        today = datetime.now(base.settings.zone).date()
        for number, member in enumerate(crew):
            routes.start_session(work, versions[number % count], technician_id=member.staff_id, on_date=today)
