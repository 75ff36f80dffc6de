"""The tablet's endpoints over HTTP: a day's work goes out and comes back, zipped or not, and photos arrive whole."""

import dataclasses
import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.blobs.folder import Folder
from curbstop.commands import secrets
from curbstop.commands.work import Work
from curbstop.models.attachment import Attachment
from curbstop.models.audit import AuditEntry
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.tablet import Tablet
from curbstop.settings import Settings
from tests.api.office import Office

PHOTO = b"\xff\xd8 a photo " * 5000


class Truck:
    """Tess with a tablet, a place, and an order there today."""

    def __init__(self, office: Office) -> None:
        self.office, self.tablet = office, office.enrolled().tablet_id
        self.client = office.as_("tess", tablet=self.tablet)
        self.point = new_id()
        with office.sessions.write() as session:
            session.add(ServicePoint(id=self.point, number="SP-000001", address="1 Main St"))

    def order(self, state: str = "dispatched") -> UUID:
        today = datetime.now(self.office.settings.zone).date()
        order = ServiceOrder(
            id=new_id(), number="SO-2026-00001", type_code="GEN", type_version=1, state=state,
            service_point_id=self.point, technician_id=self.office.ids["tess"], scheduled_on=today,
        )  # fmt: skip
        with self.office.sessions.write() as session:
            session.add(order)
        return order.id

    def photo(self, data: bytes = PHOTO) -> UUID:
        row = Attachment(
            id=new_id(), tablet_id=self.tablet, order_id=self.order(), label="before", media_type="image/jpeg",
            sha256=hashlib.sha256(data).hexdigest(), size=len(data), noted_at=datetime.now(UTC),
        )  # fmt: skip
        with self.office.sessions.write() as session:
            session.add(row)
        return row.id

    def pull(self, cursor: str | None = None, **headers: str) -> Any:
        return self.client.post("/sync/v1/pull", {"cursor": cursor, "schema_version": 1}, headers=headers)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a work window of the whole day, whatever the hour of the test."""
    return dataclasses.replace(settings, work_window="00:00-23:59")


@pytest.fixture
def truck(office: Office) -> Truck:
    return Truck(office)


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def op(n: int, **other: Any) -> dict[str, Any]:
    return {
        "op_id": str(new_id()), "n": n, "kind": "order.unheard_of", "kind_version": 1, "follows": None,
        "aggregate": f"service_order/{new_id()}", "base_version": None, "noted_at": "2026-07-30T14:00:00Z", "args": {},
        **other,
    }  # fmt: skip


@pytest.mark.parametrize(
    "poison", ['"\\u0000"', "NaN", '"\\ud800"', "1e999", "9" * 400, "[" * 40 + "]" * 40, "-Infinity"]
)
def test_one_op_that_cannot_be_stored_does_not_hold_up_its_batch(truck: Truck, poison: str) -> None:
    """Clauses 3.3 and 3.7, I5, I25: it is kept and quarantined, and the others get their own verdicts."""
    order = truck.order()
    bad = json.dumps(op(1)).replace('"args": {}', f'"args": {{"note": {poison}}}')
    good = json.dumps(op(2, kind="order.travel", aggregate=f"service_order/{order}"))
    response = truck.client.send(
        "POST", "/sync/v1/push", data=f'{{"ops":[{bad},{good}]}}'.encode(), content_type="application/json"
    )
    assert response.status_code == 200, response.data
    told = response.get_json()["verdicts"]
    assert [verdict["verdict"] for verdict in told] == ["quarantined", "applied"]
    again = truck.client.send(
        "POST", "/sync/v1/push", data=f'{{"ops":[{bad}]}}'.encode(), content_type="application/json"
    )
    assert again.get_json()["verdicts"] == told[:1]


def test_a_pull_begins_with_a_checkpoint_and_ends_with_its_completion(truck: Truck) -> None:
    """Clause 4.1."""
    response = truck.pull()
    assert response.mimetype == "application/x-ndjson"
    found = lines(response.data)
    assert "checkpoint" in found[0]
    cursor = found[-1]["checkpoint_complete"]["cursor"]
    nothing = truck.pull(cursor)
    assert (nothing.status_code, nothing.data) == (204, b"")


def test_a_pull_is_zipped_for_whoever_takes_that(truck: Truck) -> None:
    """Clause 1.4."""
    plain = truck.pull()
    zipped = truck.pull(**{"Accept-Encoding": "gzip, deflate"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["Vary"] == "Accept-Encoding"
    assert len(lines(gzip.decompress(zipped.data))) == len(lines(plain.data))
    assert "Content-Encoding" not in truck.pull(**{"Accept-Encoding": "gzip;q=0"}).headers


def test_a_pull_leaves_no_connection_open(truck: Truck) -> None:
    for _ in range(5):
        response = truck.client.send(
            "POST", "/sync/v1/pull", json={"cursor": None, "schema_version": 1}, buffered=False
        )
        next(iter(response.response))
        response.close()
    assert truck.office.sessions.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_every_op_gets_its_verdict_also_a_malformed_one(truck: Truck) -> None:
    """Clauses 3.1, 3.4, I5."""
    ops = [op(1), {"nonsense": True}, "no op at all", 5]
    body = gzip.compress(json.dumps({"ops": ops, "beacon": {"pending": 4}}).encode())
    answer = truck.client.post(
        "/sync/v1/push", data=body, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 200
    assert [verdict["verdict"] for verdict in answer.json["verdicts"]] == ["quarantined"] * 4
    with truck.office.sessions.read() as session:
        assert session.get_one(Tablet, truck.tablet).beacon == {"pending": 4}
    listed = truck.client.get("/sync/v1/ops?limit=1").json
    assert [(row["op_id"], row["n"]) for row in listed["ops"]] == [(ops[0]["op_id"], 1)]  # type: ignore[index]


def test_a_push_sent_again_gets_the_same_verdicts(truck: Truck) -> None:
    """Clauses 1.5, 3.4, I3."""
    body = {"ops": [op(1), op(2)]}
    first, again = (truck.client.post("/sync/v1/push", body).json["verdicts"] for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("body", "code"),
    [({"ops": 5}, "invalid"), ({}, "invalid"), ({"ops": [], "beacon": {"x": "y" * 5000}}, "invalid"),
     ({"ops": ["x" * 1_100_000]}, "too_large"), ({"ops": [{}] * 201}, "too_large")],
)  # fmt: skip
def test_a_push_is_refused_for_its_form_and_size_only(truck: Truck, body: Any, code: str) -> None:
    """Clauses 1.3, 3.7."""
    assert truck.client.post("/sync/v1/push", body).json["code"] == code


def test_only_a_tablet_syncs(office: Office) -> None:
    """Clause 1.2."""
    tess = office.as_("tess")
    dana = office.as_("dana", tablet=office.enrolled().tablet_id)
    for client, code in ((tess, "tablet_required"), (dana, "forbidden")):
        for response in (
            client.post("/sync/v1/push", {"ops": []}),
            client.post("/sync/v1/pull", {"schema_version": 1}),
            client.get("/sync/v1/ops"),
            client.get(f"/sync/v1/attachments/{new_id()}"),
            client.get(f"/sync/v1/service-points/{new_id()}/gate-code"),
        ):
            assert response.json["code"] == code


def test_a_photo_arrives_whole_or_not_at_all(truck: Truck) -> None:
    """Clauses 6.1, 6.2, I21."""
    photo = truck.photo()
    url, folder = f"/sync/v1/attachments/{photo}", truck.office.settings.files_dir
    for wrong in (PHOTO[:-1], PHOTO + b"x", PHOTO[:-1] + b"x", b""):
        refused = truck.client.put(url, data=wrong, content_type="image/jpeg")
        assert (refused.status_code, refused.json["code"]) == (422, "hash_mismatch")
    assert truck.client.get(url).json["stored"] is False
    assert not [path for path in folder.rglob("*") if path.is_file()]

    for _ in range(2):
        assert truck.client.put(url, data=PHOTO, content_type="image/jpeg").status_code == 204
    facts = truck.client.get(url).json
    assert facts == {"id": str(photo), "stored": True, "sha256": hashlib.sha256(PHOTO).hexdigest(), "size": len(PHOTO)}
    assert Folder(folder).path_of(facts["sha256"]).read_bytes() == PHOTO


def test_a_photo_belongs_to_the_tablet_that_took_it(truck: Truck) -> None:
    other = truck.office.as_("tom", tablet=truck.office.enrolled("Truck 8").tablet_id)
    url = f"/sync/v1/attachments/{truck.photo()}"
    assert other.get(url).json["code"] == "not_found"
    assert other.put(url, data=PHOTO).json["code"] == "not_found"


def test_a_gate_code_leaves_only_for_the_work_at_hand(truck: Truck) -> None:
    """Clause 6.3."""
    office, url = truck.office, f"/sync/v1/service-points/{truck.point}/gate-code"
    with office.sessions.write() as session:
        secrets.set_gate_code(Work(session, office.actor("carla"), office.settings), truck.point, "4711#")
    assert truck.client.get(url).json["code"] == "forbidden"
    truck.order()
    assert truck.client.get(url).json == {"gate_code": "4711#"}
    with office.sessions.read() as session:
        looks = select(AuditEntry).where(AuditEntry.action == "service_point.reveal_gate_code")
        assert [row.tablet_id for row in session.scalars(looks)] == [truck.tablet]
    assert b"4711" not in truck.pull().data
