"""The world of the permission matrix: one person a role, one row a noun, and a transaction that is undone each time.

A noun of yours is missing? Add it in `_nouns` under the name of its path parameter.

It is long because every noun of the API has to be there once.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Connection, Engine, event, select, update
from sqlalchemy.orm import Session

from api.core.context import EXTENSION, Context
from api.core.tokens import Claims
from curbstop.commands import cut_off_runs, letters, numbering, route_versions, routes, secrets
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.commands.letters import Wanted
from curbstop.domain.actors import Actor
from curbstop.domain.cut_offs import Cause
from curbstop.domain.letters import LetterKind
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Role
from curbstop.models import (
    Absence,
    AccessIssue,
    Account,
    AmiEvent,
    Attachment,
    Base,
    ChangeOutProject,
    ChangeOutRecord,
    Closure,
    ContactAttempt,
    Customer,
    CutOffLine,
    CutOffRun,
    Cycle,
    Development,
    Discrepancy,
    ExportMark,
    ExportRun,
    FeatureRequest,
    Hold,
    Letter,
    LetterBatch,
    Lock,
    Lot,
    Meter,
    MeterModel,
    Moratorium,
    OpLedger,
    Payment,
    PropertyOwner,
    Radio,
    Reading,
    Register,
    RouteChangeRequest,
    RouteSession,
    RouteVersion,
    Schedule,
    ServiceOrder,
    ServicePoint,
    Staff,
    Stop,
    SupervisorTask,
    Tablet,
    TabletIncident,
    TabletPerson,
    TapRequest,
    TempService,
    Upload,
)
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions, make_engine
from curbstop.models.ids import new_id
from curbstop.settings import Settings, load
from tests import watchers
from tests.api.apps import app_on
from tests.api.office import Client
from tests.api.permission_rows import Row
from tests.api.test_conflicts import parked
from tests.cut_offs import any_day, delinquent
from tests.services import databases
from tests.town import Place, Town

PHOTO = b"photo"
# What is kept at the place, and looks like nothing else.
GATE_CODE = "Q7-gate-4711#"
# These never end by themselves.
ENDLESS = {"GET /dispatch/stream", "GET /sync/v1/stream", "POST /compat/powersync/sync/stream"}
# A day on which nothing else happens.
NEXT_YEARS = date(2035, 6, 1)
# What a row may set before its request, by the name of the id.
TABLES: dict[str, type[Base]] = {
    "access_issue_id": AccessIssue,
    "account_id": Account,
    "attachment_id": Attachment,
    "customer_id": Customer,
    "hold_id": Hold,
    "order_id": ServiceOrder,
    "project_id": ChangeOutProject,
    "route_session_id": RouteSession,
    "letter_id": Letter,
    "line_id": CutOffLine,
    "run_id": CutOffRun,
    "schedule_id": Schedule,
}


def _in_days(days: int) -> str:
    return (utc_now() + timedelta(days=days)).isoformat()


class Undone(Sessions):
    """Sessions within one transaction that nobody commits; `kept` lists the writes that a request left behind."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.connection: Connection = engine.execution_options(curbstop_writes=True).connect()
        self.kept: list[str] = []
        self._marks: list[int] = []
        event.listen(self.connection, "before_cursor_execute", self._note)
        event.listen(self.connection, "savepoint", lambda *_: self._marks.append(len(self.kept)))
        event.listen(self.connection, "release_savepoint", lambda *_: self._marks.pop())
        event.listen(self.connection, "rollback_savepoint", self._forget)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().split(None, 1)[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            self.kept.append(statement)

    def _forget(self, *_: Any) -> None:
        del self.kept[self._marks.pop() :]

    @contextmanager
    def once(self) -> Iterator[None]:
        """Whatever is written inside is undone at its end."""
        outer = self.connection.begin()
        self.kept.clear()
        self._marks.clear()
        try:
            yield
        finally:
            outer.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._session() as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._session() as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        yield self.connection

    def _session(self) -> Session:
        return Session(
            self.connection, join_transaction_mode="create_savepoint", autoflush=False, expire_on_commit=False
        )


class World:
    """A town in which each role is somebody, and every id of a path leads somewhere."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.app = settings, app_on(settings, engine)
        self.town = Town(Sessions(engine), settings).settle()
        self.people: dict[Role, UUID] = {}
        self.tablets: dict[Role, UUID] = {}
        self.ids: dict[str, Any] = {}
        self._people()
        self._nouns()
        self.sessions = Undone(engine)
        context: Context = self.app.extensions[EXTENSION]
        self._context = replace(context, sessions=self.sessions)
        self.connect()

    def connect(self) -> Flask:
        """Ties the process's application to this world; other modules tie it to theirs."""
        self.app.extensions[EXTENSION] = self._context
        return self.app

    def client(self, role: Role | None, *, on_tablet: bool = False) -> Client:
        """Whoever has the role and no other; None is nobody."""
        if role is None:
            return Client(self.app, None)
        claims = Claims(self.people[role], self.tablets[role] if on_tablet else None)
        return Client(self.app, self._context.tokens.access_token(claims, [role.value]))

    def actor(self, role: Role) -> Actor:
        return Actor(self.people[role], role.value, frozenset({role}))

    def set_up(self, given: Mapping[str, Mapping[str, Any]], role: Role) -> None:
        """Sets the columns that a row names, outside of every count."""
        for name, columns in given.items():
            model = TABLES[name]
            values = {key: self.filled(value, role, raw=True) for key, value in columns.items()}
            self.sessions.connection.execute(
                update(model).where(model.__table__.c.id == self.ids[name]).values(**values)
            )
        self.sessions.kept.clear()

    def filled(self, value: Any, role: Role | None, *, ids: Mapping[str, Any] | None = None, raw: bool = False) -> Any:
        """The value with every "$name" filled in; `raw` for the database, else as JSON has it."""
        if isinstance(value, Mapping):
            return {key: self.filled(one, role, ids=ids, raw=raw) for key, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one, role, ids=ids, raw=raw) for one in value]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        mine = {"$me": self.people, "$my_tablet": self.tablets}.get(value, {})
        found = mine.get(role or Role.AUD) or (ids or self.ids)[value[1:]]
        return found if raw else str(found)

    def unknown(self) -> dict[str, Any]:
        """The ids, none of which leads anywhere."""
        return {name: new_id() if isinstance(value, UUID) else value for name, value in self.ids.items()}

    def _people(self) -> None:
        for role in Role:
            person = Staff(
                id=new_id(), login=f"the {role.value}", name=role.value, roles=[role.value], daily_capacity=10_000,
                skills=["valves", "meters"],
            )  # fmt: skip
            tablet = Tablet(
                id=new_id(), name=f"{role.value}'s", install_id=str(new_id()), key_hash=b"x", staff_id=person.id
            )
            self.town.add(person, tablet, TabletPerson(tablet_id=tablet.id, staff_id=person.id))
            self.people[role], self.tablets[role] = person.id, tablet.id
        with self.town.work() as work:
            mate = work.session.get_one(Staff, self.town.staff["tess"])
            mate.crew_lead_id = self.people[Role.LEAD]

    def _nouns(self) -> None:
        town, ids = self.town, self.ids
        any_day(town)
        with town.work() as work:
            # The builders count from one; what comes through the API has numbers of its own.
            for prefix in (Prefix.CUSTOMER, Prefix.ACCOUNT, Prefix.SERVICE_POINT):
                numbering.next_numbers(work, prefix, 900)
        place, empty = delinquent(town, town.place()), town.place()
        ids.update(
            staff_id=town.staff["tess"], mate_id=town.staff["tess"], technician_id=town.staff["tess"],
            other_id=town.staff["tom"],
            service_point_id=place.id, empty_place_id=empty.id, account_id=place.account_id, meter_id=place.meter_id,
            item_id=place.meter_id, today=town.today, now=utc_now().isoformat(), moment=utc_now(),
            in_5_days=_in_days(5), in_9_days=_in_days(9),
            code="GEN", number=1, kind="door_tag", language="en",
            collection="service_order", sha256="0" * 64, order_id=town.order("GEN", place),
            layer="service_points", feature_id=place.id, z="14", x="0", y="0",
        )  # fmt: skip
        self._orders_nouns(place)
        self._office_nouns(place)
        self._network_nouns(place)
        self._runs(place)

    def _orders_nouns(self, place: Place) -> None:
        town, ids = self.town, self.ids
        order = ids["order_id"]
        tablet_id = town.tablet("tom")
        ids.update(tablet_id=tablet_id, conflict_id=UUID(parked(town, order)))
        photo = Attachment(
            order_id=order, tablet_id=tablet_id, staff_id=town.staff["tess"], label="photo", media_type="image/jpeg",
            sha256=hashlib.sha256(PHOTO).hexdigest(), size=len(PHOTO), noted_at=utc_now(),
        )  # fmt: skip
        waits = OpLedger(
            op_id=new_id(), tablet_id=tablet_id, staff_id=town.staff["tess"], n=2, kind="order.arrive",
            aggregate=f"service_order/{order}", sha256=b"x", raw=b"{}", verdict="waiting", waits_for_id=new_id(),
        )  # fmt: skip
        self._add(
            access_issue_id=AccessIssue(service_point_id=place.id, category="DOG"),
            supervisor_task_id=SupervisorTask(kind="completed_after_recall", order_id=order, detail="Look."),
            incident_id=TabletIncident(
                tablet_id=tablet_id, staff_id=town.staff["tess"], kind="gap", detail="Lost?", ops_lost=1
            ),
            attachment_id=photo,
        )
        town.add(waits, Upload(attachment_id=photo.id, expires_at=utc_now() + timedelta(days=9)))
        ids["op_id"] = waits.op_id
        # As tus has it in Upload-Metadata.
        ids["encoded_attachment_id"] = base64.b64encode(str(photo.id).encode()).decode()

    def _office_nouns(self, place: Place) -> None:
        town, account = self.town, place.account_id
        with town.work("carla") as work:
            words = {"done": "The meter was read.", "what_now": "Nothing."}
            wanted = Wanted(kind=LetterKind.DOOR_TAG, service_point_id=place.id, fields=words)
            self.ids["letter_id"] = letters.draft(work, [wanted])[0].id
        town.add(Payment(account_id=account, source_key="P-1", cents=1, received_at=utc_now()))
        self._add(
            schedule_id=Schedule(
                name="Checks", type_code="GEN", every=1, unit="month", starts_on=NEXT_YEARS, next_on=NEXT_YEARS,
                places={"physical_states": ["off_locked"]},
            ),
            batch_id=LetterBatch(number="LB-1", state="gathering", letters=0),
            owner_id=PropertyOwner(
                service_point_id=place.id, name="Hill LLC", address="PO Box 1", city="Raleigh", state="NC", zip="27601"
            ),
            hold_id=Hold(account_id=account, kind="dispute", reason="They doubt it.", starts_on=NEXT_YEARS),
            contact_attempt_id=ContactAttempt(
                account_id=account, at=utc_now(), channel="phone", direction="out", reached="none", reason="outage",
                result="none",
            ),
            absence_id=Absence(
                staff_id=town.staff["tess"], first_on=NEXT_YEARS, last_on=NEXT_YEARS, reason="ill"
            ),
            moratorium_id=Moratorium(name="Storm", reason="Storm.", starts_on=NEXT_YEARS),
            closure_id=Closure(day=NEXT_YEARS, name="Fair"),
        )  # fmt: skip

    def _network_nouns(self, place: Place) -> None:
        town, ids = self.town, self.ids
        shelf = Meter(serial="SHELF-1", size="5/8", status="stock")
        self._add(
            bare_place_id=ServicePoint(number="SP-000800", address="8 Main St", physical_state="no_tap"),
            shelf_meter_id=shelf,
            project_id=ChangeOutProject(name="South"),
            temp_service_id=TempService(
                number="TS-1", service_point_id=place.id, meter_id=place.meter_id, hydrant="H-1", in_read=0,
                backflow_device_no="B-1", deposit_ref="D-1", set_order_id=ids["order_id"], opened_at=utc_now(),
                expires_at=utc_now() + timedelta(days=9),
            ),
            lock_id=Lock(service_point_id=place.id, kind="padlock", number="L-1", applied_at=utc_now()),
            feature_request_id=FeatureRequest(
                kind="tap", service_point_id=place.id, order_id=ids["order_id"], facts={}
            ),
            event_id=AmiEvent(
                source_key="RNI-1", name="Tamper", service_point_id=place.id, happened_at=utc_now()
            ),
            request_id=RouteChangeRequest(service_point_id=place.id, note="Behind the house."),
            meter_model_id=MeterModel(manufacturer="Kestrel", model="K20", size="5/8"),
            radio_id=Radio(number="80000042"),
            discrepancy_id=Discrepancy(kind="serial", subject="X", detail="Not the same.", noted_at=utc_now()),
            change_out_id=ChangeOutRecord(
                service_point_id=place.id, new_meter_id=place.meter_id, old_serial="OLD", new_serial=place.serial,
                installed_on=town.today, installed_at=utc_now(), out_kind="read", source="order", recorded_at=utc_now(),
            ),
        )  # fmt: skip
        self._add(development_id=Development(number="DV-1", name="Creek", builder_id=self._a(Customer), state="active"))
        self._add(
            lot_id=Lot(development_id=ids["development_id"], code="1", service_point_id=ids["bare_place_id"])
        )  # fmt: skip
        self._add(export_run_id=ExportRun(kind="mco", number=1, rows=0, sha256="0" * 64, recorded_at=utc_now()))
        town.add(
            ExportMark(kind="mco", service_point_id=place.id, change_out_id=ids["change_out_id"], marked_at=utc_now())
        )
        town.add(
            TapRequest(
                id=new_id(), number="TP-1", customer_id=self._a(Customer), service_point_id=place.id,
                service_class="residential", meter_size="3/4", stage="requested", stage_at=utc_now(),
            )
        )  # fmt: skip
        ids["tap_request_id"] = self._a(TapRequest)
        town.add(Register(meter_id=shelf.id, dials=6))
        town.route([place], to="tom")
        with town.work("gus") as work:
            route_version = work.session.scalars(select(RouteVersion)).one()
            drafted = route_versions.draft(work, route_version.route_id, [place.id])
            other = routes.create(
                work, code="C998", name="Other", cycle_id=work.session.scalars(select(Cycle.id)).one()
            )
            ids.update(
                route_id=route_version.route_id,
                route_version_id=route_version.id,
                draft_version_id=drafted.id,
                other_version_id=route_versions.draft(work, other.id, []).id,
                stop_id=work.session.scalars(select(Stop.id).where(Stop.route_version_id == route_version.id)).one(),
                cycle_id=work.session.scalars(select(Cycle.id)).one(),
                route_session_id=work.session.scalars(select(RouteSession.id)).one(),
                reading_id=work.session.scalars(select(Reading.id).limit(1)).one(),
                customer_id=work.session.scalars(select(Customer.id).limit(1)).one(),
            )

    def _runs(self, place: Place) -> None:
        with self.town.work("carla") as work:
            secrets.set_gate_code(work, place.id, GATE_CODE, if_version=None)
        with self.town.work("bill") as work:
            new = NewRun(cause=Cause.NONPAYMENT, cut_on=self.town.today, account_ids=(place.account_id,))
            self.ids["run_id"] = cut_off_runs.build(work, new).id
        self.ids["line_id"] = self.town.all(select(CutOffLine.id))[0]

    def _a(self, model: Any) -> UUID:
        """The id of the first row."""
        found: UUID = self.town.all(select(model.id).order_by(model.id).limit(1))[0]
        return found

    def _add(self, **rows: Any) -> None:
        for name, one in rows.items():
            self.town.add(one)
            self.ids[name] = one.id


@contextmanager
def world_on(backend: str, run_folder: Path, data: Path) -> Iterator[World]:
    """A world on a database of its own."""
    url = databases.new_database(run_folder, backend)
    engine = make_engine(url)
    settings = load(
        {
            "CURBSTOP_DATABASE_URL": url,
            "CURBSTOP_REDIS_URL": "redis://127.0.0.1:1/0",
            "CURBSTOP_DATA_DIR": str(data),
            "CURBSTOP_SECRET_KEY": "a key for the tests that is long enough",
            "CURBSTOP_WORK_WINDOW": "00:00-23:59",
        }
    )
    world = World(settings, engine)
    yield world
    world.sessions.connection.close()
    watchers.have_ended()
    engine.dispose()
    databases.drop_database(run_folder, url)


def ask(world: World, row: Row, role: Role | None, *, ids: Any = None, version: str = "*", tablet: bool = True) -> Any:
    """Sends the row's request; the answer has been read to its end, unless it has none."""
    method, path = row.operation.split(" ")
    known = ids or world.ids
    headers = {key: _encoded(value, known) for key, value in row.headers.items()}
    client = world.client(role, on_tablet=row.on_tablet and tablet)
    how: dict[str, Any] = {"json": world.filled(row.body, role, ids=known)} if row.body is not None else {}
    if row.data is not None:
        how["data"] = row.data
    answer = client.send(
        method,
        path.format_map(known) + (f"?{row.query}" if row.query else ""),
        headers={"If-Match": version, "Idempotency-Key": str(id(how)), **headers},
        **how,
    )
    if row.operation not in ENDLESS:
        answer.get_data()
    answer.close()
    return answer


def _encoded(value: str, ids: Any) -> str:
    return value.replace("$attachment_id", str(ids["encoded_attachment_id"]))
