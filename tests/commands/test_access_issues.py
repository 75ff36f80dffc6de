"""Access issues as commands: what a tablet's id means, what a check of the place does, and two at once."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import event, select

from curbstop.commands import access_issues, access_letters, field_work, letter_mailings, letters, service_orders
from curbstop.commands.field_work import Visit
from curbstop.domain.problems import Problem
from curbstop.models import AccessIssue, Attachment, ServiceOrder, SupervisorTask
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.town import Place, Town
from workers.worker import drain


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


def test_a_tablets_id_is_kept_only_when_a_new_issue_begins(town: Town) -> None:
    place, first, second = town.place(), new_id(), new_id()
    with town.work("tom") as work:
        assert access_issues.report(work, place.id, category="DOG", access_issue_id=first).id == first
        assert access_issues.report(work, place.id, category="DOG", access_issue_id=second).id == first
        with pytest.raises(Problem, match="conflict"):
            access_issues.report(work, place.id, category="FENCE", access_issue_id=first)
    with town.work("carla") as work:
        access_issues.triage(work, first, "dismiss")
    with town.work("tom") as work:
        again = access_issues.report(work, place.id, category="DOG", access_issue_id=first)
        assert (again.id != first, again.occurrences) == (True, 1)


def test_a_tablets_clock_that_runs_ahead_dates_nothing_in_the_future(town: Town) -> None:
    place = town.place()
    with town.work("tom") as work:
        ahead = access_issues.report(work, place.id, category="DOG", noted_at=utc_now() + timedelta(days=3))
        assert ahead.first_seen_at == ahead.last_seen_at == work.at


def photo_of(town: Town, issue_id: UUID, place: Place) -> UUID:
    """A posted visit of the issue with a photo that has come in."""
    order_id = town.order("ACC_CHK", place, by="carla", access_issue_id=issue_id)
    shot = Attachment(
        id=new_id(), order_id=order_id, label="photo", media_type="image/jpeg", sha256="0" * 64, size=1,
        stored_at=utc_now(), noted_at=utc_now(), created_at=utc_now(),
    )  # fmt: skip
    town.add(shot)
    return order_id


def test_a_check_counts_or_clears_with_a_photo(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        issue = access_issues.report(work, place.id, category="DOG")
        access_issues.triage(work, issue.id, "open")
        assert access_issues.recheck(work, issue.id, still_there=True).occurrences == 2
        assert access_issues.recheck(work, issue.id, still_there=False).state == "open"
    [task] = town.all(select(SupervisorTask))
    assert task.kind == "clearance_unproven"
    order_id = photo_of(town, issue.id, place)
    with town.work("carla") as work:
        cleared = access_issues.recheck(work, issue.id, still_there=False, order_id=order_id)
        assert (cleared.state, cleared.cleared_at) == ("cleared", work.at)
        assert access_issues.recheck(work, issue.id, still_there=True).state == "cleared"


def test_what_was_cleared_before_a_letter_is_reported_again(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        issue = access_issues.report(work, place.id, category="DOG")
    photo_of(town, issue.id, place)
    with town.work("carla") as work:
        access_issues.recheck(work, issue.id, still_there=False)
        again = access_issues.report(work, place.id, category="DOG")
        assert (again.id, again.state, again.cleared_at, again.occurrences) == (issue.id, "reported", None, 2)
        assert again.round == 2


def test_three_fruitless_tries_reach_the_issue_or_a_supervisor(town: Town) -> None:
    for outcome, category in (("NO_ACCESS_DOG", "DOG"), ("NO_ACCESS_REFUSED", None)):
        place = town.place()
        order_id = town.order("GEN", place)
        for _ in range(3):
            with town.work() as work:
                order = work.session.get_one(ServiceOrder, order_id)
                order.state, order.technician_id, order.outcome = "on_site", town.staff["tom"], None
            with town.work("tom") as work:
                field_work.return_(work, order_id, Visit(outcome=outcome, captures={}, noted_at=utc_now()))
            with town.work("dana") as work:
                service_orders.reschedule(work, order_id)
        issues = town.all(select(AccessIssue).where(AccessIssue.service_point_id == place.id))
        assert [(one.category, one.occurrences) for one in issues] == ([(category, 3)] if category else [])
        assert "access_issue" in town.read_order(order_id).flags
    [task] = town.all(select(SupervisorTask))
    assert (task.kind, task.order_id) == ("fruitless_tries", order_id)


def test_two_reports_at_once_count_on_one_issue(town: Town) -> None:
    place, ready = town.place(), threading.Barrier(2)

    def report(name: str) -> None:
        ready.wait()
        with town.work(name) as work:
            access_issues.report(work, place.id, category="DOG")

    threads = [threading.Thread(target=report, args=(name,)) for name in ("tom", "tess")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert town.all(select(AccessIssue.occurrences)) == [2]


def test_a_days_letters_are_mailed_in_the_same_number_of_statements_however_many(town: Town) -> None:
    def mail(places: list[Place]) -> int:
        with town.work("carla") as work:
            drafted = []
            for place in places:
                issue = access_issues.report(work, place.id, category="FOLIAGE")
                access_issues.triage(work, issue.id, "open")
                drafted += access_letters.write(work, issue.id)
            ids = [letter.id for letter in drafted]
            letters.approve(work, ids)
        with Redis.from_url(town.settings.redis_url) as connection:
            drain(town.sessions, town.settings, connection)
        ran: list[str] = []
        engine = town.sessions.engine

        def note(*said: Any) -> None:
            ran.append(said[2])

        event.listen(engine, "before_cursor_execute", note)
        with town.work("carla") as work:
            letter_mailings.mark_mailed(work, ids, mailed_on=town.today, method="first_class")
        event.remove(engine, "before_cursor_execute", note)
        return len(ran)

    few = mail([town.place() for _ in range(2)])
    assert mail([town.place() for _ in range(12)]) == few
    assert {(one.state, one.version) for one in town.all(select(AccessIssue))} == {("notice1", 4)}
