"""A technician with a tablet and a route: what pull and push are measured on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import requests
from sqlalchemy import insert, select

from bench import city
from bench.place import PASSWORD, Database, served
from curbstop.commands import reference, routes, staff, tablets
from curbstop.domain.permissions import Role
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Register
from curbstop.models.route import Cycle, Route, RouteVersion, Stop


@dataclass(frozen=True, slots=True)
class Walk:
    """A signed-in tablet with a route: (stop id, service point id, register id) in order."""

    base: Database
    url: str
    client: requests.Session
    stops: list[tuple[UUID, UUID, UUID]]
    pid: int


@contextmanager
def walk(base: Database, count: int, **environ: str) -> Iterator[Walk]:
    """A city whose every service point is a stop of one route, walked today; and the API in front, set by `environ`."""
    city.build(base, count)
    stops, version_id = _route(base)
    with base.work() as work:
        reference.load_catalogue(work)
        person = staff.create(work, login="bench-walker", name="Bench", roles=[Role.TECH])
        staff.reset_password(work, person.id, PASSWORD)
        code = tablets.make_code(work, "Bench").code
        tablet = tablets.enrol(work, code, install_id="bench")
        today = datetime.now(base.settings.zone).date()
        routes.start_session(work, version_id, technician_id=person.id, on_date=today)
    base.settle()
    with served(base, **environ) as (url, pid), requests.Session() as client:
        who = {"login": "bench-walker", "password": PASSWORD}
        device = {"tablet_id": str(tablet.tablet_id), "tablet_key": tablet.tablet_key}
        answer = client.post(f"{url}/auth/sign-in", json={**who, **device}, timeout=60)
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Walk(base, url, client, stops, pid)


def _route(base: Database) -> tuple[list[tuple[UUID, UUID, UUID]], UUID]:
    cycle, route, version = new_id(), new_id(), new_id()
    with base.work() as work:
        session = work.session
        places = session.execute(select(Installation.service_point_id, Installation.meter_id)).all()
        stops = [(new_id(), place, new_id()) for place, _ in places]
        session.execute(insert(Cycle), [{"id": cycle, "code": "B", "name": "Bench"}])
        session.execute(insert(Route), [{"id": route, "code": "B", "name": "Bench", "cycle_id": cycle}])
        head = {"id": version, "route_id": route, "number": 1, "state": "published", "stop_count": len(stops)}
        session.execute(insert(RouteVersion), [head])
        session.execute(
            insert(Register),
            [
                {"id": register, "meter_id": meter, "dials": 6}
                for (_, _, register), (_, meter) in zip(stops, places, strict=True)
            ],
        )
        session.execute(
            insert(Stop),
            [
                {"id": stop, "route_version_id": version, "service_point_id": place, "sequence": 10 * number}
                for number, (stop, place, _) in enumerate(stops, 1)
            ],
        )
    return stops, version
