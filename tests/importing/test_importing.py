"""Imports: a preview writes nothing, the same file twice changes nothing, a refused row is reported with its text."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from curbstop.domain.actors import SYSTEM
from curbstop.domain.problems import Problem
from curbstop.files.contact_log import COLUMNS, cells
from curbstop.importing import OPERATOR, Report, import_file
from curbstop.models import (
    Account,
    AuditEntry,
    ContactAttempt,
    Customer,
    Hydrant,
    ImportBatch,
    Installation,
    Meter,
    ServiceOrder,
    ServicePoint,
    Street,
)
from curbstop.models.base import Base
from curbstop.models.engine import Sessions
from curbstop.models.sqlite_geometry import point_of
from curbstop.queries import contacts as contact_queries
from curbstop.settings import Settings
from tests.town import Town

STREETS = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[-79.01, 35.0], [-79.0, 35.0]]},
  "properties": {"id": "1", "name": "Main St", "l_from": 1, "l_to": 99, "r_from": 2, "r_to": 98}}]}"""
ADDRESSES = (
    "id,address,city\n1,10 Main Street,Millbrook\n2,12 MAIN ST,Millbrook\n3,700 Main St,Millbrook\n"
    "4,5 Elm St,Millbrook\n"
)
METERS = (
    "serial,address,dials,radio_id\nA1,10 Main St,6,R1\nA2,12 Main St,6,R2\nA3,10 Main St,6,R3\n"
    "A4,99 Nowhere Rd,6,\nA5,,6,\n"
)
ACCOUNTS = (
    "account_number,customer_number,customer_name,address\n100,C1,Ann Lee,10 Main St\n101,C1,Ann Lee,12 Main St\n"
    "102,C2,Bo Ray,10 Main St\n"
)
ORDERS = "id,type,address,instructions\nW1,GEN,10 Main St,Look\nW2,GEN,10 Main St,Again\nW3,NOPE,12 Main St,\n"

CONTACTS = (
    "Date,Account,CSR,Method,Answered,Outcome,Amount,Pay by,Notes\n"
    "5/4/2026 2:30 PM,100,CR,call,LVM,,,,'=1+1\n"
    "2026-05-05 09:00,101,CR,phone,yes,promised,84.50,5/8/2026,Payday is Friday\n"
    "2026-05-05 09:10,999,CR,phone,yes,,,,Who is that\n"
    "2026-05-05 09:20,101,CR,phone,yes,promise,,,By when\n"
)


class Desk:
    """Files and imports for one test."""

    def __init__(self, sessions: Sessions, settings: Settings, folder: Path) -> None:
        self.sessions, self.settings, self.folder = sessions, settings, folder

    def take(self, kind: str, text: str, *, commit: bool = True) -> Report:
        path = self.folder / f"{kind}.{'geojson' if text.startswith('{') else 'csv'}"
        path.write_text(text, encoding="utf-8")
        return import_file(self.sessions, self.settings, OPERATOR, kind, path, commit=commit)

    def count(self, model: type[Base]) -> int:
        with self.sessions.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def places(self) -> None:
        self.take("streets", STREETS)
        self.take("addresses", ADDRESSES)


@pytest.fixture
def desk(sessions: Sessions, settings: Settings, tmp_path: Path) -> Desk:
    Town(sessions, settings).settle()
    return Desk(sessions, settings, tmp_path)


def test_a_preview_writes_nothing_and_counts_what_a_commit_would_do(desk: Desk) -> None:
    desk.take("streets", STREETS)
    before = desk.count(AuditEntry)
    preview = desk.take("addresses", ADDRESSES, commit=False)
    assert (desk.count(ServicePoint), desk.count(AuditEntry)) == (0, before)
    assert desk.take("addresses", ADDRESSES).outcome == preview.outcome


def test_addresses_are_placed_on_their_side_of_the_street(desk: Desk) -> None:
    desk.places()
    with desk.sessions.read() as session:
        places = {point.address: point for point in session.scalars(select(ServicePoint))}
    assert set(places) == {"10 Main St", "12 Main St"}
    assert all(point.location_source == "geocoded" for point in places.values())
    # Even numbers are on the right of a street that runs east: south of its line.
    assert all(point.location and point_of(bytes(point.location.data))[1] < 35 for point in places.values())


def test_what_cannot_be_placed_is_reported_with_its_text(desk: Desk) -> None:
    desk.take("streets", STREETS)
    report = desk.take("addresses", ADDRESSES)
    with report.preview.rejects_path.open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [(row["line"], row["reason"]) for row in rejected] == [("4", "number_out_of_range"), ("5", "no_such_street")]
    assert "700 Main St" in rejected[0]["text"]


@pytest.mark.parametrize(
    ("kind", "text", "model"),
    [("streets", STREETS, Street), ("addresses", ADDRESSES, ServicePoint), ("meters", METERS, Meter),
     ("accounts", ACCOUNTS, Account), ("orders", ORDERS, ServiceOrder), ("contacts", CONTACTS, ContactAttempt)],
)  # fmt: skip
def test_the_same_file_twice_changes_nothing(desk: Desk, kind: str, text: str, model: type[Base]) -> None:
    desk.places()
    if kind == "contacts":
        desk.take("accounts", ACCOUNTS)
    first = desk.take(kind, text).outcome
    rows = desk.count(model)
    again = desk.take(kind, text).outcome
    assert (again.added, again.changed) == (0, 0)
    assert again.same == first.added + first.changed + first.same
    assert desk.count(model) == rows


def test_a_changed_row_is_changed_and_says_what_it_was(desk: Desk) -> None:
    desk.take("streets", STREETS)
    desk.take("addresses", ADDRESSES)
    outcome = desk.take("addresses", ADDRESSES.replace("10 Main Street,Millbrook", "10 Main Street,Oakdale")).outcome
    assert (outcome.added, outcome.changed, outcome.same) == (0, 1, 1)
    with desk.sessions.read() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.entity_type == "service_point", AuditEntry.before.is_not(None))
        ).one()
        assert (entry.before, entry.after) == ({"city": "Millbrook"}, {"city": "Oakdale"})


def test_meters_find_their_places_and_the_misfits_are_refused(desk: Desk) -> None:
    desk.places()
    outcome = desk.take("meters", METERS).outcome
    assert {(row.line, row.reason) for row in outcome.refused} == {(4, "place_taken"), (5, "no_such_place")}
    with desk.sessions.read() as session:
        statuses = {meter.serial: meter.status for meter in session.scalars(select(Meter))}
    assert statuses == {"A1": "installed", "A2": "installed", "A5": "stock"}
    assert desk.count(Installation) == 2


def test_one_customer_may_have_two_accounts_but_a_place_only_one(desk: Desk) -> None:
    desk.places()
    outcome = desk.take("accounts", ACCOUNTS).outcome
    assert [(row.line, row.reason) for row in outcome.refused] == [(4, "place_taken")]
    assert (desk.count(Customer), desk.count(Account)) == (1, 2)


def test_imported_orders_meet_the_same_rules_as_the_offices_own(desk: Desk) -> None:
    desk.places()
    report = desk.take("orders", ORDERS)
    reasons = [(row.line, row.reason) for row in report.outcome.refused]
    assert reasons == [(3, "duplicate_open_order"), (4, "order_type_unknown")]
    assert desk.count(ServiceOrder) == 1
    texts = report.preview.rejects_path.read_text(encoding="utf-8-sig")
    assert "W2,GEN,10 Main St,Again" in texts.replace('"', "")


def test_a_contact_spreadsheet_comes_in_with_its_promises_and_its_misfits_are_told(desk: Desk) -> None:
    desk.places()
    desk.take("accounts", ACCOUNTS)
    report = desk.take("contacts", CONTACTS)
    assert [(row.line, row.reason) for row in report.outcome.refused] == [(4, "no_such_account"), (5, "invalid")]
    with desk.sessions.read() as session:
        called, promised = session.scalars(select(ContactAttempt).order_by(ContactAttempt.at))
    # Half past two in New York's summer.
    assert called.at == datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
    assert (called.channel, called.reached, called.by_name, called.note) == ("phone", "voicemail", "CR", "=1+1")
    assert (promised.result, promised.promise_cents, promised.promise_state) == ("promise", 8_450, "open")


def test_a_long_contact_log_comes_in_with_few_statements(desk: Desk) -> None:
    desk.places()
    desk.take("accounts", ACCOUNTS)
    head, when = CONTACTS.splitlines()[0], datetime.now(UTC).isoformat()

    def statements(first: int, last: int) -> int:
        ran: list[str] = []
        event.listen(desk.sessions.engine, "before_cursor_execute", lambda *said: ran.append(said[2]))
        lines = [f"{when},101,CR,phone,yes,dispute,,,Bill {number}" for number in range(first, last)]
        assert desk.take("contacts", "\n".join([head, *lines])).outcome.added == last - first
        return len(ran)

    assert statements(2, 42) <= statements(0, 2) + 5


def test_the_log_that_was_given_out_comes_back_as_the_same(desk: Desk) -> None:
    desk.places()
    desk.take("accounts", ACCOUNTS)
    desk.take("contacts", CONTACTS)
    with desk.sessions.read() as session:
        rows = [row._asdict() for row in contact_queries.every(session, SYSTEM)]
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *(cells(row, desk.settings.zone) for row in rows)])
    outcome = desk.take("contacts", text.getvalue()).outcome
    assert (outcome.added, outcome.same, outcome.refused) == (0, 2, [])


def test_hydrants_in_us_survey_feet_stand_where_they_should(desk: Desk) -> None:
    """EPSG:3547 is Kentucky in US survey feet."""
    text = """{"type": "FeatureCollection",
      "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3547"}}, "features": [
      {"type": "Feature", "properties": {"HYDRANT_ID": "H1", "INSTALLDATE": -3029443200000},
       "geometry": {"type": "Point", "coordinates": [4921250.0, 3280833.333]}}]}"""
    desk.take("hydrants", text)
    with desk.sessions.read() as session:
        hydrant = session.scalars(select(Hydrant)).one()
        longitude, latitude = point_of(bytes(hydrant.location.data))
        # 4,921,250 ft and 3,280,833.333 ft are the system's false origin: 85 45 W, 36 20 N.
        assert (longitude, latitude) == pytest.approx((-85.75, 36.3333333), abs=1e-6)
        assert hydrant.installed_on is not None
        assert hydrant.installed_on.isoformat() == "1874-01-01"


def test_a_batch_remembers_its_file(desk: Desk) -> None:
    desk.take("streets", STREETS)
    with desk.sessions.read() as session:
        batch = session.scalars(select(ImportBatch)).one()
    assert (batch.kind, batch.file_name, batch.counts["added"]) == ("streets", "streets.geojson", 1)
    assert len(batch.sha256) == 64


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x00\x01\x02\x03", b"just words"])
def test_a_wrong_file_is_one_problem_and_nothing_is_written(desk: Desk, content: bytes) -> None:
    path = desk.folder / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(Problem) as problem:
        import_file(desk.sessions, desk.settings, OPERATOR, "addresses", path, commit=True)
    assert "\n" not in problem.value.detail
    assert desk.count(ServicePoint) == 0
