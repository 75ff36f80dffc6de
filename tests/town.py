"""A small made-up town for tests: people by name with fixed roles, and builders for places, meters and orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands import dispatch, reference, service_orders
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models import (
    Account,
    Customer,
    Cycle,
    Endpoint,
    Installation,
    Meter,
    Reading,
    Register,
    Route,
    RouteSession,
    RouteVersion,
    ServiceOrder,
    ServicePoint,
    Staff,
    Stop,
    Tablet,
)
from curbstop.models.base import Base
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.sqlite_geometry import point_ewkb
from curbstop.settings import Settings

PEOPLE = {
    "tom": (Role.TECH,),
    "tess": (Role.TECH,),
    "lee": (Role.TECH, Role.LEAD),
    "dana": (Role.DSP,),
    "carla": (Role.CSR,),
    "bill": (Role.BIL,),
    "gus": (Role.GIS,),
    "sue": (Role.SUP,),
    "ada": (Role.ADM,),
    "otto": (Role.AUD,),
    "ivy": (Role.INT,),
}
SKILLS = ["valves", "meters", "radios"]


@dataclass(frozen=True, slots=True)
class Place:
    """A service point with what is there."""

    id: UUID
    account_id: UUID
    meter_id: UUID
    register_id: UUID
    serial: str


@dataclass
class Town:
    """Everything a test needs to set up a situation; each call commits."""

    sessions: Sessions
    settings: Settings
    staff: dict[str, UUID] = field(default_factory=dict)
    _count: int = 0

    @contextmanager
    def work(self, name: str | None = None, tablet: UUID | None = None) -> Iterator[Work]:
        """Work by a person, or by the system."""
        with self.sessions.write() as session:
            if name is None:
                yield system_work(session, self.settings)
            else:
                yield Work(session, self.actor(name, tablet), self.settings)

    def actor(self, name: str, tablet: UUID | None = None) -> Actor:
        return Actor(self.staff[name], name.title(), frozenset(PEOPLE[name]), tablet)

    def settle(self) -> "Town":
        """The people move in, the catalogue is loaded; or they are found where they live already."""
        with self.work() as work:
            self.staff = {row.login: row.id for row in work.session.execute(select(Staff.login, Staff.id))}
            if self.staff:
                return self
            reference.load_catalogue(work)
            for name, roles in PEOPLE.items():
                member = Staff(
                    id=new_id(),
                    login=name,
                    name=name.title(),
                    roles=[r.value for r in roles],
                    skills=SKILLS,
                    daily_capacity=10_000,
                    version=1,
                )
                work.session.add(member)
                self.staff[name] = member.id
        return self

    def add(self, *rows: Base) -> None:
        with self.sessions.write() as session:
            for row in rows:
                session.add(row)
                session.flush()

    def tablet(self, name: str) -> UUID:
        """An enrolled tablet in somebody's hands."""
        tablet = Tablet(
            id=new_id(), name=f"{name}'s tablet", install_id=str(new_id()), key_hash=b"x", staff_id=self.staff[name]
        )
        self.add(tablet)
        return tablet.id

    def place(self, *, status: str = "active", last: int = 1000, **fields: Any) -> Place:
        """A service point with a customer, an account, a meter of six dials and its last regular reading."""
        self._count += 1
        n = self._count
        point = ServicePoint(
            id=new_id(),
            number=f"SP-{n:06d}",
            **{
                "location": WKBElement(point_ewkb(-79.0 + n / 1000, 35.0), srid=4326, extended=True),
                "address": f"{n} Main St",
                "city": "Millbrook",
                "hazards": [],
                "field_versions": {},
                **fields,
            },
        )
        customer = Customer(id=new_id(), number=f"CU-{n:06d}", name=f"Pat Customer {n}", phone="555-0100")
        account = Account(
            id=new_id(), number=f"AC-{n:06d}", customer_id=customer.id, service_point_id=point.id, status=status
        )
        meter = Meter(id=new_id(), serial=f"MTR{n:05d}", size="5/8", status="installed")
        register = Register(id=new_id(), meter_id=meter.id, position=1, dials=6, multiplier=Decimal(1), unit="GAL")
        endpoint = Endpoint(id=new_id(), meter_id=meter.id, radio_id=f"R{n:07d}")
        then = datetime.now(UTC) - timedelta(days=30)
        installation = Installation(
            meter_id=meter.id, service_point_id=point.id, installed_at=then - timedelta(days=300)
        )
        reading = Reading(
            register_id=register.id, service_point_id=point.id, value=Decimal(last), kind="regular", source="route",
            noted_at=then, recorded_at=then, flags=[],
        )  # fmt: skip
        self.add(point, customer, account, meter, register, endpoint, installation, reading)
        return Place(point.id, account.id, meter.id, register.id, meter.serial)

    def order(self, type_code: str, place: Place, *, by: str = "sue", to: str | None = None, **fields: Any) -> UUID:
        """An order, assigned for today when `to` names somebody."""
        with self.work(by) as work:
            order = service_orders.create(work, NewOrder(type_code=type_code, service_point_id=place.id, **fields))
        if to is not None:
            self.assign(order.id, to)
        return order.id

    def assign(self, order_id: UUID, to: str, *, by: str = "sue") -> None:
        with self.work(by) as work:
            dispatch.assign(work, order_id, technician_id=self.staff[to], scheduled_on=self.today)

    def route(self, places: list[Place], *, to: str) -> list[UUID]:
        """A published route through the places, walked today by `to`; returns its stops."""
        from curbstop.commands import routes

        cycle = Cycle(id=new_id(), code=f"C{self._count}", name="Cycle")
        route = Route(id=new_id(), code=f"R{self._count}", name="Route", cycle_id=cycle.id)
        version = RouteVersion(id=new_id(), route_id=route.id, number=1, state="published", stop_count=len(places))
        stops = [
            Stop(id=new_id(), route_version_id=version.id, service_point_id=place.id, sequence=10 * (i + 1))
            for i, place in enumerate(places)
        ]
        self.add(cycle, route, version, *stops)
        with self.work("sue") as work:
            routes.start_session(work, version.id, technician_id=self.staff[to], on_date=self.today)
        return [stop.id for stop in stops]

    def proposal(self, place: Place, *, by: str, captures: dict[str, Any] | None = None) -> UUID:
        """A correction of the route or the place that a technician proposed, as a posted order leaves it."""
        from curbstop.commands import route_change_requests

        order_id = self.order("RTE_FIX", place, to=by)
        with self.work() as work:
            order = work.session.get_one(ServiceOrder, order_id)
            order.captures, order.completed_by_id = captures or {"notes": "Behind the house."}, self.staff[by]
            return route_change_requests.propose(work, order).id

    @property
    def today(self) -> date:
        return datetime.now(self.settings.zone).date()

    def read_order(self, order_id: UUID) -> ServiceOrder:
        with self.sessions.read() as session:
            order = session.get_one(ServiceOrder, order_id)
            session.expunge(order)
            return order

    def all(self, statement: Any) -> list[Any]:
        with self.sessions.read() as session:
            rows = list(session.scalars(statement))
            session.expunge_all()
            return rows


__all__ = ["PEOPLE", "Place", "RouteSession", "Session", "Town"]
