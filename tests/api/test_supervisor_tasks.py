"""Supervisor tasks, voice codes and waived photos, through HTTP."""

from uuid import UUID

from curbstop.commands import supervisor_tasks
from curbstop.models import Attachment, AuditEntry
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.town import Town

DONE = {"outcome": "DONE", "captures": {"notes": "All well."}}


def task(town: Town, order_id: UUID | None = None) -> str:
    with town.work() as work:
        return str(supervisor_tasks.open_task(work, "completed_after_recall", detail="Look.", order_id=order_id).id)


def test_a_task_is_seen_by_the_office_and_finished_by_a_supervisor(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place())
    first, second = task(town, order_id), task(town)
    listed = office.as_("dana").get(f"/supervisor-tasks?order_id={order_id}").json["items"]
    assert [(one["id"], one["state"]) for one in listed] == [(first, "open")]
    url = f"/supervisor-tasks/{first}"
    assert office.as_("tom").get(url).json["code"] == "forbidden"
    done = {"note": "Called the customer."}
    assert office.as_("dana").send("POST", f"{url}/finish", json=done, version=1).json["code"] == "forbidden"
    finished = office.as_("sue").send("POST", f"{url}/finish", json=done, version=1)
    assert (finished.status_code, finished.json["state"], finished.json["done_by_name"]) == (200, "done", "Sue")
    again = office.as_("sue").send("POST", f"{url}/finish", json={"note": "Twice."}, version=1)
    assert (again.status_code, again.json["note"]) == (200, "Called the customer.")
    left = office.as_("sue").get("/supervisor-tasks?state=open").json["items"]
    assert [one["id"] for one in left] == [second]


def test_a_voice_code_is_for_cut_offs_on_a_tablet_only(office: Office, town: Town) -> None:
    """Clause 11.7; the code itself is tried in tests/tablet/test_recall.py."""
    order_id = town.order("GEN", town.place(), to="tom")
    refused = office.as_("dana").get(f"/service-orders/{order_id}/voice-code")
    assert (refused.status_code, refused.json["code"]) == (409, "impossible_transition")
    assert office.as_("carla").get(f"/service-orders/{order_id}/voice-code").json["code"] == "forbidden"


def test_an_order_whose_photo_is_lost_with_its_tablet_is_posted_once_the_photo_is_waived(
    office: Office, town: Town
) -> None:
    """Clause 6.1: posting waits for declared photos; a waived one is waited for no more."""
    order_id = town.order("GEN", town.place(), to="tom")
    url = f"/service-orders/{order_id}"

    def step(name: str, event: str, body: object = None) -> object:
        version = office.as_("sue").get(url).json["version"]
        return office.as_(name).send("POST", f"{url}/{event}", json=body, version=version)

    step("dana", "hand-out")
    step("tom", "complete", DONE)
    photo = Attachment(
        id=new_id(), order_id=order_id, tablet_id=town.tablet("tom"), label="photo", media_type="image/jpeg",
        sha256="0" * 64, size=10, noted_at=utc_now(),
    )  # fmt: skip
    town.add(photo)
    refused = step("carla", "post").json  # type: ignore[attr-defined]
    assert (refused["code"], refused["waiting"][0]["waiting"]) == ("photos_missing", 1)
    assert f"1 of 1 photos still on {refused['waiting'][0]['tablet_name']}" in refused["detail"]
    lost = {"reason": "The tablet fell into the river."}
    assert office.as_("carla").post(f"/attachments/{photo.id}/waive", lost).json["code"] == "forbidden"
    waived = office.as_("sue").post(f"/attachments/{photo.id}/waive", lost)
    assert (waived.status_code, waived.json["stored"], waived.json["waive_reason"]) == (200, False, lost["reason"])
    first = waived.json["waived_at"]
    again = office.as_("sue").post(f"/attachments/{photo.id}/waive", {"reason": "Again."})
    assert (again.json["waived_at"], again.json["waive_reason"]) == (first, lost["reason"])
    assert step("carla", "post").json["state"] == "posted"  # type: ignore[attr-defined]
    with town.sessions.read() as session:
        audited = session.query(AuditEntry).filter(AuditEntry.entity_id == photo.id).one()
    assert (audited.action, audited.staff_id) == ("waive", office.ids["sue"])
