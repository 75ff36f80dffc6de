"""Must-pass 7: a letter that comes back stops the clock. A hedge from two skips to the escalation and back, as a story.

It is long because it is one story, in the order in which it happens.
"""

import uuid
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from redis import Redis
from sqlalchemy import select

from curbstop.commands import secrets
from curbstop.models import AccessIssue, AccessNotice, AuditEntry, Letter, ServiceOrder
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Place, Town
from workers.clock import SCHEDULE
from workers.worker import drain

GATE_CODE = "4711#"
OWNER = {"name": "Hill Rentals LLC", "address": "PO Box 12", "city": "Raleigh", "state": "NC", "zip": "27601"}


class Story:
    """One issue, whoever does something about it."""

    def __init__(self, town: Town, desk: Desk, tablet: Tablet, place: Place) -> None:
        self.town, self.desk, self.tablet, self.place = town, desk, tablet, place
        self.days = 0

    def issue(self) -> dict[str, Any]:
        [found] = self.desk("carla").get(f"/access-issues?service_point_id={self.place.id}").json["items"]
        return dict(found)

    def does(self, name: str, what: str, body: Any = None) -> Any:
        now = self.issue()
        said = {} if body is None else {"json": body}
        return self.desk(name).send("POST", f"/access-issues/{now['id']}/{what}", version=now["version"], **said)

    def done(self, name: str, what: str, body: Any = None) -> dict[str, Any]:
        answer = self.does(name, what, body)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def letters(self, state: str = "draft") -> list[dict[str, Any]]:
        found = self.desk("carla").get(f"/letters?subject_id={self.issue()['id']}&state={state}").json["items"]
        return sorted(found, key=lambda one: str(one["recipient"]))

    def mail(self, *, by: str = "carla", method: str = "first_class") -> list[str]:
        """Whatever is drafted is approved, set by the workers, and mailed today."""
        ids = [one["id"] for one in self.letters()]
        approved = self.desk(by).send("POST", "/letters/approvals", json={"letter_ids": ids}, more=_key())
        assert approved.status_code == 200, approved.json
        self.work()
        body = {"letter_ids": ids, "mailed_on": self.town.today.isoformat(), "method": method}
        mailed = self.desk(by).send("POST", "/letters/mailings", json=body, more=_key())
        assert mailed.status_code == 200, mailed.json
        return ids

    def comes_back(self, letter_id: str, reason: str) -> None:
        carla = self.desk("carla")
        version = carla.get(f"/letters/{letter_id}").json["version"]
        body = {"on": self.town.today.isoformat(), "reason": reason}
        answer = carla.send("POST", f"/letters/{letter_id}/returned", json=body, version=version)
        assert answer.status_code == 200, answer.json

    def days_pass(self, days: int) -> None:
        """Everything that was mailed was mailed so many days earlier, and the clock looks at it."""
        with self.town.sessions.write() as session:
            for issue in session.scalars(select(AccessIssue)):
                issue.due_on = issue.due_on and issue.due_on - timedelta(days=days)
            for notice in session.scalars(select(AccessNotice)):
                notice.until = notice.until and notice.until - timedelta(days=days)
                notice.respond_by -= timedelta(days=days)
            for letter in session.scalars(select(Letter)):
                letter.mailed_on = letter.mailed_on and letter.mailed_on - timedelta(days=days)
        [entry] = [one for one in SCHEDULE if one.name == "order_access_checks"]
        for _ in range(2):
            with self.town.work() as work:
                entry.command(work)
        self.work()

    def checks(self) -> list[ServiceOrder]:
        mine = select(ServiceOrder).where(ServiceOrder.type_code == "ACC_CHK")
        return self.town.all(mine.order_by(ServiceOrder.created_at))

    def visit(self, *, still_there: bool) -> dict[str, Any]:
        """The open check on Tom's tablet, with a photo; the office posts it."""
        [order] = [one for one in self.checks() if one.state == "ready"]
        self.town.assign(order.id, "tom")
        self.tablet.client.sync()
        work, order_id = self.tablet.work, str(order.id)
        work.arrive(order_id)
        work.attach_photo(f"service_order/{order_id}", "photo", picture())
        work.complete(order_id, "DONE", {"still_present": still_there})
        self.tablet.client.sync()
        self.work()
        posted = self.desk("carla").send(
            "POST", f"/service-orders/{order_id}/post", version=self.town.read_order(order.id).version
        )
        assert posted.status_code == 200, posted.json
        return self.issue()

    def work(self) -> None:
        with Redis.from_url(self.town.settings.redis_url) as connection:
            drain(self.town.sessions, self.town.settings, connection)


def picture() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (64, 48), "green").save(drawn, "JPEG")
    return drawn.getvalue()


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def story(town: Town, desk: Desk, new_tablet: NewTablet) -> Story:
    """A place on Tom's route, behind a gate with a code; its owner is not who lives there."""
    place = town.place(zip="27000", state="NC")
    with town.work("carla") as work:
        secrets.set_gate_code(work, place.id, GATE_CODE)
    [stop] = town.route([place], to="tom")
    answer = desk("carla").put(f"/service-points/{place.id}/owner", OWNER)
    assert answer.status_code == 200, answer.json
    tablet = new_tablet("tom")
    tablet.client.sync()
    told = Story(town, desk, tablet, place)
    for _ in range(2):
        tablet.work.skip(str(stop), "VEG", note="Hedge over the box.")
        tablet.client.sync()
    return told


def code(answer: Any) -> str:
    return str(answer.json["code"])


def test_a_hedge_from_the_second_skip_to_the_escalation_and_back(story: Story) -> None:
    _first_letter_comes_back(story)
    _first_letter_runs_out(story)
    _second_letter_runs_out(story)
    _two_people_let_the_final_notice_go(story)
    _two_people_escalate(story)
    _it_is_cleared_and_grows_back(story)
    _tells_all(story)
    _tells_no_code(story)


def _first_letter_comes_back(story: Story) -> None:
    reported = story.issue()
    assert (reported["category"], reported["state"], reported["occurrences"]) == ("FOLIAGE", "reported", 1)
    assert "Decide" in reported["next_step"]
    assert code(story.does("carla", "letters", {})) == "impossible_transition"

    # Carla opens it and writes to the occupant and the owner.
    story.done("carla", "triage", {"decision": "open", "reason": "The hedge is theirs."})
    story.done("carla", "letters", {})
    assert code(story.does("carla", "letters", {})) == "conflict"
    assert [one["recipient"] for one in story.letters()] == ["occupant", "owner"]
    _, to_owner = story.mail()
    mailed = story.issue()
    assert (mailed["state"], mailed["due_on"]) == ("notice1", (story.town.today + timedelta(days=17)).isoformat())

    # The owner's comes back: the clock stops (must-pass 7), however many days pass.
    story.comes_back(to_owner, "Moved, left no address.")
    stopped = story.issue()
    assert (stopped["state"], stopped["due_on"], stopped["stopped_on"]) == (
        "notice1", None, story.town.today.isoformat(),
    )  # fmt: skip
    assert "Moved, left no address." in stopped["next_step"]
    story.days_pass(60)
    assert (story.issue()["state"], story.checks()) == ("notice1", [])


def _first_letter_runs_out(story: Story) -> None:
    to_owner = next(one["id"] for one in story.letters("returned_undeliverable"))
    # The same address is no answer; the corrected one is.
    again = {"letter_id": to_owner}
    assert code(story.does("carla", "letters/again", again)) == "invalid"
    moved = {**OWNER, "address": "1 Lake Rd"}
    assert story.desk("carla").put(f"/service-points/{story.place.id}/owner", moved).status_code == 200
    story.done("carla", "letters/again", again)
    assert code(story.does("carla", "letters/again", again)) == "conflict"
    assert story.issue()["due_on"] is None
    story.mail()
    running = story.issue()
    assert (running["stopped_on"], running["due_on"]) == (None, (story.town.today + timedelta(days=17)).isoformat())

    # On the last day the customer still has time; the day after one check is ordered, once.
    story.days_pass(17)
    assert story.checks() == []
    story.days_pass(1)
    assert (story.issue()["state"], len(story.checks())) == ("recheck1", 1)
    assert code(story.does("carla", "letters", {})) == "impossible_transition"
    assert story.visit(still_there=True)["confirmed_at"] is not None


def _second_letter_runs_out(story: Story) -> None:
    # The customer says that it is done before their time is over, and it is not: they keep it.
    story.done("carla", "letters", {})
    story.mail()
    assert story.issue()["due_on"] == (story.town.today + timedelta(days=13)).isoformat()
    story.done("carla", "checks", {"reason": "They called: it is trimmed."})
    early = story.visit(still_there=True)
    assert (early["state"], early["confirmed_at"]) == ("notice2", None)
    story.days_pass(14)
    assert (story.issue()["state"], len(story.checks())) == ("recheck2", 3)
    story.visit(still_there=True)


def _two_people_let_the_final_notice_go(story: Story) -> None:
    # Carla writes it, and two others let it go.
    story.done("carla", "letters", {})
    [first, *_] = story.letters()
    alone = {"letter_ids": [first["id"]]}
    assert code(story.desk("carla").send("POST", "/letters/approvals", json=alone, more=_key())) == "forbidden"
    assert code(story.desk("bill").send("POST", "/letters/approvals", json=alone, more=_key())) == "four_eyes"
    assert code(story.does("carla", "final-agreement", {"reason": "Enough."})) == "forbidden"
    story.done("bill", "final-agreement", {"reason": "Three months of estimates."})
    assert code(story.desk("bill").send("POST", "/letters/approvals", json=alone, more=_key())) == "four_eyes"
    finals = story.mail(by="sue", method="certified")
    words = story.desk("carla").get(f"/letters/{finals[0]}").json
    assert "hearing" in words["text"]
    assert code(story.does("bill", "escalation", {"remedy": "cut_off", "reason": "x"})) == "impossible_transition"
    story.days_pass(14)
    story.visit(still_there=True)


def _two_people_escalate(story: Story) -> None:
    # Billing proposes, the supervisor says yes; nobody does both.
    story.done("bill", "escalation", {"remedy": "cut_off", "reason": "Nobody answers."})
    assert code(story.does("bill", "escalation/approval")) == "four_eyes"
    assert code(story.does("carla", "escalation/approval")) == "forbidden"
    assert story.issue()["state"] == "recheck3"
    assert story.done("sue", "escalation/approval")["state"] == "escalated"
    [cut] = story.town.all(select(ServiceOrder).where(ServiceOrder.type_code == "CUT_OFF_VIOL"))
    assert (cut.state, str(cut.access_issue_id)) == ("draft", story.issue()["id"])


def _it_is_cleared_and_grows_back(story: Story) -> None:
    # They cut the hedge after all. When it grows back it goes on with the second letter.
    story.done("carla", "checks", {"reason": "They say that it is done."})
    assert story.visit(still_there=False)["state"] == "cleared"
    answer = story.desk("tom").post(
        "/access-issues", {"service_point_id": str(story.place.id), "category": "FOLIAGE", "note": "Back again."}
    )
    assert (answer.json["state"], answer.json["round"], answer.json["due_on"]) == ("notice2", 2, None)
    story.done("carla", "letters", {})
    story.mail()
    assert story.issue()["due_on"] == (story.town.today + timedelta(days=13)).isoformat()


def _tells_all(story: Story) -> None:
    told = story.desk("carla").get(f"/access-issues/{story.issue()['id']}/story").json
    events = [step["event"] for step in told["steps"]]
    assert events[0] == "report"
    assert {"triage", "return_mail", "send_again", "escalate", "clear", "reopen"} <= set(events)
    assert all(step["policy_number"] >= 0 and step["at"] for step in told["steps"])
    assert len(told["letters"]) == len(story.town.all(select(Letter)))
    assert len(told["photos"]) == len([one for one in story.checks() if one.state == "posted"])
    assert any("mailed" in one["note"] for one in told["contacts"])
    assert "The customer has until" in told["issue"]["next_step"]


def _tells_no_code(story: Story) -> None:
    """Must-pass 11: the code of the gate is in no letter, no log and no export."""
    told = story.desk("carla").get(f"/access-issues/{story.issue()['id']}/story").text
    sheet = story.desk("carla").get("/access-issues/spreadsheet")
    assert "SP-" in sheet.text
    assert "Hedge" not in sheet.text
    letters = story.town.all(select(Letter))
    said = [str([one.fields, one.given, one.text]) for one in letters]
    logged = [str([one.before, one.after]) for one in story.town.all(select(AuditEntry))]
    for text in (told, sheet.text, *said, *logged):
        assert GATE_CODE not in text


def test_a_fault_of_ours_is_mended_and_never_written_about(story: Story) -> None:
    place = story.town.place()
    body = {"service_point_id": str(place.id), "category": "LID_BROKEN"}
    made = story.desk("tom").post("/access-issues", body).json
    assert made["state"] == "utility_fault"
    story.place = place
    assert code(story.does("carla", "letters", {})) == "impossible_transition"
    story.work()
    assert "ours to mend" in story.issue()["next_step"]
    assert story.town.all(select(Letter)) == []


def test_a_third_guess_in_a_row_asks_a_supervisor_to_decide(story: Story) -> None:
    for guess in ("001010", "001020", "001030"):
        body = {"value": guess, "reason": "The hedge."}
        answer = story.desk("carla").send(
            "POST", f"/access-issues/{story.issue()['id']}/estimates", json=body, more=_key()
        )
        assert (answer.status_code, answer.json["kind"]) == (200, "estimated"), answer.json
    lees = story.desk("lee").send("POST", f"/access-issues/{story.issue()['id']}/estimates", json=body, more=_key())
    assert code(lees) == "forbidden"
    tasks = story.desk("sue").get("/supervisor-tasks").json["items"]
    assert [one["kind"] for one in tasks] == ["access_escalation_due"]


def test_a_letter_that_comes_back_late_takes_back_what_followed(story: Story) -> None:
    story.done("carla", "triage", {"decision": "open"})
    story.done("carla", "letters", {})
    [to_occupant, _] = story.mail()
    story.days_pass(18)
    story.visit(still_there=True)
    assert story.issue()["state"] == "recheck1"
    story.comes_back(to_occupant, "Vacant.")
    back = story.issue()
    assert (back["state"], back["due_on"], back["confirmed_at"]) == ("notice1", None, None)
    story.done("carla", "letters/again", {"letter_id": to_occupant, "recipient": "owner"})
    story.mail()
    assert story.issue()["due_on"] is not None
