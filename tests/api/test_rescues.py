"""Rescues, incidents and waiting ops over HTTP. Clauses 9.7, 9.11, 9.12 and I22."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from curbstop.commands import reference, tablets
from curbstop.commands.work import Work, system_work
from curbstop.models import AuditEntry, Conflict, OpLedger, Tablet, TabletPerson
from curbstop.models.ids import new_id
from tests.api.office import Client, Office
from tests.town import Town


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Lost:
    """Tess's tablet, with a key, and her order; its outbox is on a stick."""

    def __init__(self, office: Office) -> None:
        self.office, self.key = office, Ed25519PrivateKey.generate()
        town = Town(office.sessions, office.settings, staff=dict(office.ids))
        with office.sessions.write() as session:
            reference.load_catalogue(system_work(session, office.settings))
            work = Work(session, office.actor("sue"), office.settings)
            code = tablets.make_code(work, "Truck 7").code
            public = _text(self.key.public_key().public_bytes_raw())
            self.id = tablets.enrol(work, code, install_id="x", public_key=public).tablet_id
            session.add(TabletPerson(tablet_id=self.id, staff_id=office.ids["tess"]))
        self.order = town.order("GEN", town.place(), to="tess")
        self.tess = office.as_("tess", tablet=self.id)
        self.tess.post("/sync/v1/pull", {"cursor": None, "schema_version": 1})
        self.n = 0

    def op(self, kind: str = "order.complete", **other: Any) -> dict[str, str]:
        self.n += 1
        op = {
            "op_id": str(new_id()), "n": self.n, "kind": kind, "kind_version": 1, "follows": None,
            "aggregate": f"service_order/{self.order}", "base_version": None, "noted_at": "2026-07-30T14:00:00Z",
            "args": {"outcome": "DONE", "captures": {"notes": "Fine"}}, "by": str(self.office.ids["tess"]), **other,
        }  # fmt: skip
        content = json.dumps(op)
        return {"content": content, "signature": _text(self.key.sign(content.encode()))}

    def rescue(self, *ops: Any, who: str = "sue", client: Client | None = None) -> Any:
        client = client or self.office.as_(who)
        return client.post("/sync/v1/rescues", {"tablet_id": str(self.id), "ops": list(ops), "reason": "Broken"})

    def push(self, *ops: Any) -> Any:
        return self.tess.post("/sync/v1/push", {"ops": list(ops)}).json["verdicts"]

    def all(self, statement: Any) -> list[Any]:
        with self.office.sessions.read() as session:
            rows = list(session.scalars(statement))
            session.expunge_all()
            return rows


@pytest.fixture
def lost(office: Office) -> Lost:
    return Lost(office)


def test_rescued_work_is_parked_as_its_doers(lost: Lost) -> None:
    """Clause 9.7."""
    op = lost.op()
    answer = lost.rescue(op)
    assert answer.status_code == 200, answer.json
    [verdict] = answer.json["verdicts"]
    assert (verdict["verdict"], verdict["code"]) == ("parked", "rescued")
    [row] = lost.all(select(OpLedger))
    assert (row.tablet_id, row.staff_id, row.sent_by_id) == (lost.id, lost.office.ids["tess"], lost.office.ids["sue"])
    assert row.raw == op["content"].encode()
    [conflict] = lost.all(select(Conflict))
    assert str(conflict.id) == verdict["result"]["conflict_id"]
    assert (conflict.order_id, conflict.mine["outcome"]) == (lost.order, "DONE")
    [audited] = lost.all(select(AuditEntry).where(AuditEntry.action == "tablet.rescue"))
    assert (audited.staff_id, audited.entity_id) == (lost.office.ids["sue"], lost.id)
    assert audited.after == {"verdicts": {"parked": 1}, "reason": "Broken"}


def test_the_tablet_gets_the_rescued_verdict_and_a_rescue_the_tablets(lost: Lost) -> None:
    """Clause 9.7, I3: whichever way an op comes second, its verdict is the first one."""
    rescued, pushed = lost.op(), lost.op("order.travel", args={})
    verdicts = lost.rescue(rescued).json["verdicts"]
    assert lost.push(rescued) == verdicts == lost.rescue(rescued).json["verdicts"]
    told = lost.push(pushed)
    assert lost.rescue(pushed).json["verdicts"] == told
    assert len(lost.all(select(Conflict.id))) == 1


def test_a_blocked_tablets_work_is_rescued(lost: Lost) -> None:
    """Clauses 9.7 and 9.9."""
    sue = lost.office.as_("sue")
    version = sue.get(f"/tablets/{lost.id}").json["version"]
    sue.post(f"/tablets/{lost.id}/revoke", version=version)
    assert lost.rescue(lost.op()).json["verdicts"][0]["code"] == "rescued"


PHOTO = b"\xff\xd8\xff\xe0 the lock"


def _declares(lost: Lost) -> tuple[str, dict[str, str]]:
    """A photo's id and the sealed op that declares it."""
    photo_id, digest = str(new_id()), hashlib.sha256(PHOTO).hexdigest()
    args = {"attachment_id": photo_id, "order_id": str(lost.order), "label": "lock", "media_type": "image/jpeg"}
    return photo_id, lost.op("attachment.declare", args={**args, "sha256": digest, "size": len(PHOTO)})


def _bring(lost: Lost, photo_id: str, content: bytes, client: Client | None = None) -> Any:
    url = f"/sync/v1/rescues/attachments/{photo_id}"
    return (client or lost.office.as_("sue")).send("PUT", url, data=content, content_type="application/octet-stream")


def _revoke(lost: Lost) -> None:
    sue = lost.office.as_("sue")
    sue.post(f"/tablets/{lost.id}/revoke", version=sue.get(f"/tablets/{lost.id}").json["version"])


def test_a_blocked_tablets_photo_is_rescued_and_seen_by_the_office(lost: Lost) -> None:
    """Clauses 9.13 and 9.14: declared before the tablet was blocked, its bytes brought in by a supervisor."""
    photo_id, op = _declares(lost)
    assert lost.push(op)[0]["verdict"] == "applied"
    _revoke(lost)
    carla = lost.office.as_("carla")
    assert carla.get("/attachments/waiting").json["items"][0]["waiting"] == 1
    assert _bring(lost, photo_id, b"something else").json["code"] == "hash_mismatch"
    assert _bring(lost, photo_id, PHOTO).status_code == 204
    assert _bring(lost, photo_id, PHOTO).status_code == 204, "again changes nothing"
    assert carla.get(f"/attachments/{photo_id}/content", buffered=True).data == PHOTO
    assert carla.get("/attachments/waiting").json["items"] == []


def test_a_photo_with_a_rescued_declaration_is_brought_in_once_that_is_applied(lost: Lost) -> None:
    """Clause 9.14: until then the server knows of no such photo."""
    photo_id, op = _declares(lost)
    _revoke(lost)
    [verdict] = lost.rescue(op).json["verdicts"]
    assert verdict["code"] == "rescued"
    told = _bring(lost, photo_id, PHOTO).json
    assert told["code"] == "not_found"
    assert "parked" in told["detail"]
    sue = lost.office.as_("sue")
    url = f"/conflicts/{verdict['result']['conflict_id']}"
    version = sue.get(url).json["version"]
    settled = sue.post(f"{url}/resolve", {"resolution": "apply", "reason": "It is hers."}, version=version)
    assert settled.status_code == 200, settled.json
    assert sue.get("/attachments/waiting").json["items"][0]["tablet_id"] == str(lost.id)
    assert _bring(lost, photo_id, PHOTO).status_code == 204
    assert sue.get(f"/attachments/{photo_id}/content", buffered=True).data == PHOTO


def test_only_a_supervisor_in_the_office_brings_in_photos(lost: Lost) -> None:
    """Clause 9.14."""
    photo_id, op = _declares(lost)
    lost.push(op)
    for who in ("tess", "lee", "dana", "carla", "bill", "ada", "otto"):
        assert _bring(lost, photo_id, PHOTO, lost.office.as_(who)).json["code"] == "forbidden", who
    assert _bring(lost, photo_id, PHOTO, lost.office.as_("sue", tablet=lost.id)).json["code"] == "forbidden"


def test_what_is_wrongly_sealed_is_quarantined_and_stands_in_nobodys_way(lost: Lost) -> None:
    """Clauses 9.3 and 9.7, I22: a stick that was damaged, or tampered with."""
    good = lost.op()
    bad = {**good, "content": good["content"].replace("Fine", "Free")}
    stranger = Ed25519PrivateKey.generate()
    forged = {**good, "signature": _text(stranger.sign(good["content"].encode()))}
    answers = lost.rescue(bad, forged, json.loads(good["content"]), good).json["verdicts"]
    codes = [answer["code"] for answer in answers]
    assert codes == ["signature_invalid", "signature_invalid", "signature_invalid", "rescued"]
    assert {answer["op_id"] for answer in answers} == {json.loads(good["content"])["op_id"]}


def test_a_doer_who_never_had_the_tablet_is_not_believed_in_a_rescue(lost: Lost) -> None:
    """Clause 9.4."""
    [answer] = lost.rescue(lost.op(by=str(lost.office.ids["tom"]))).json["verdicts"]
    assert (answer["verdict"], answer["code"]) == ("quarantined", "doer_unknown")


def test_a_tablet_without_a_key_can_be_rescued_and_nothing_is_believed(lost: Lost) -> None:
    """Clause 9.7."""
    with lost.office.sessions.write() as session:
        session.execute(update(Tablet).where(Tablet.id == lost.id).values(public_key=None))
    [answer] = lost.rescue(lost.op()).json["verdicts"]
    assert (answer["verdict"], answer["code"]) == ("quarantined", "signature_invalid")


def test_another_op_under_a_used_id_is_kept_and_told(lost: Lost) -> None:
    """Clause 3.6, I4."""
    first = lost.op()
    op_id = json.loads(first["content"])["op_id"]
    lost.push(first)
    [answer] = lost.rescue(lost.op(op_id=op_id)).json["verdicts"]
    assert (answer["op_id"], answer["verdict"], answer["code"]) == (op_id, "quarantined", "op_id_reused")
    assert len(lost.all(select(OpLedger.op_id))) == 2


def test_what_waited_for_a_rescued_op_is_parked_with_it(lost: Lost) -> None:
    """Clauses 3.5 and 9.7: it is not done before the op that it follows is."""
    first = lost.op("order.travel", args={})
    second = lost.op(follows=json.loads(first["content"])["op_id"])
    assert lost.push(second)[0]["verdict"] == "waiting"
    assert lost.rescue(first).json["verdicts"][0]["code"] == "rescued"
    assert lost.push(second)[0]["code"] == "rescued"
    assert len(lost.all(select(Conflict.id))) == 2


@pytest.mark.parametrize("junk", [None, 5, "x", {}, {"content": "{", "signature": "x"}, {"content": "\0"}])
def test_junk_in_a_rescue_is_kept_and_told(lost: Lost, junk: Any) -> None:
    """Clause 3.3, I25."""
    answer = lost.rescue(junk)
    assert answer.status_code == 200
    assert answer.json["verdicts"][0]["verdict"] == "quarantined"
    assert len(lost.all(select(OpLedger.op_id))) == 1


def test_only_a_supervisor_in_the_office_rescues(lost: Lost) -> None:
    """Clause 9.7."""
    for who in ("tess", "lee", "dana", "carla", "bill", "ada", "otto"):
        assert lost.rescue(lost.op(), who=who).json["code"] == "forbidden", who
    on_a_tablet = lost.office.as_("sue", tablet=lost.id)
    assert lost.rescue(lost.op(), client=on_a_tablet).json["code"] == "forbidden"
    assert lost.all(select(OpLedger.op_id)) == []


def test_a_rescue_names_a_tablet_and_is_not_too_large(lost: Lost) -> None:
    """Clause 9.7."""
    lost.id = new_id()
    assert lost.rescue().json["code"] == "not_found"
    lost.id = lost.all(select(Tablet.id))[0]
    assert lost.rescue(*[5] * 201).status_code == 413


def _beacon(lost: Lost, count: int, last_n: int, install_id: str = "x") -> None:
    said = {"install_id": install_id, "outbox_count": count, "oldest_op_at": "2026-07-30T14:40:00Z", "last_n": last_n}
    said |= {"bytes_pending": 10, "persisted": True}
    answer = lost.tess.post("/sync/v1/pull", {"cursor": None, "schema_version": 1, "beacon": said})
    assert answer.status_code == 200


def test_the_office_sees_and_settles_an_incident(lost: Lost) -> None:
    """Clauses 9.10 to 9.12: the beacon comes with a pull."""
    _beacon(lost, 4, 4)
    _beacon(lost, 0, 0, "another")
    dana = lost.office.as_("dana")
    [found] = dana.get("/tablet-incidents?state=open").json["items"]
    assert "about 4 ops from 2026-07-30 10:40" in found["detail"]
    assert (found["tablet_name"], found["staff_name"]) == ("Truck 7", None)
    url = f"/tablet-incidents/{found['id']}"
    assert dana.get(url).json["ops_lost"] == 4
    assert lost.office.as_("carla").get("/tablet-incidents").json["code"] == "forbidden"
    assert lost.office.as_("tess").get(url).json["code"] == "not_found"
    assert lost.office.as_("ada").post(f"{url}/settle", {"note": "x"}, version=1).json["code"] == "forbidden"
    settled = dana.post(f"{url}/settle", {"note": "Done again."}, version=1)
    assert (settled.json["state"], settled.json["note"]) == ("settled", "Done again.")
    assert dana.post(f"{url}/settle", {"note": "x"}, version=2).json["code"] == "conflict"
    assert dana.get("/tablet-incidents?state=open").json["items"] == []


def test_what_waits_for_long_is_shown_to_the_office(lost: Lost) -> None:
    """Clause 9.12."""
    op = lost.op(follows=str(new_id()))
    op_id = UUID(json.loads(op["content"])["op_id"])
    assert lost.push(op)[0]["verdict"] == "waiting"
    dana = lost.office.as_("dana")
    assert dana.get("/waiting-ops").json["items"] == []
    with lost.office.sessions.write() as session:
        long_ago = datetime.now(UTC) - timedelta(minutes=16)
        session.execute(update(OpLedger).where(OpLedger.op_id == op_id).values(received_at=long_ago))
    [found] = dana.get("/waiting-ops").json["items"]
    assert (found["id"], found["staff_name"], found["kind"]) == (str(op_id), "Tess", "order.complete")
    assert lost.office.as_("lee").get("/waiting-ops").json["items"] != [], "a crew lead sees the crew's"
    assert lost.office.as_("tess").get("/waiting-ops").json["code"] == "forbidden"
    url = f"/waiting-ops/{found['id']}/give-up"
    assert lost.office.as_("tess").send("POST", url).json["code"] == "forbidden"
    given_up = dana.send("POST", url)
    assert (given_up.status_code, given_up.json["verdict"], given_up.json["code"]) == (
        200,
        "parked",
        "predecessor_lost",
    )
    assert dana.get(f"/conflicts/{given_up.json['conflict_id']}").json["state"] == "open"
    assert dana.get("/waiting-ops").json["items"] == []
