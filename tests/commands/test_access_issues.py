"""Access issues as commands: what a tablet's id means, what a check of the place does, and two at once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from curbstop.commands import access_issues
from curbstop.domain.problems import Problem
from curbstop.models import AccessIssue
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.town import Town


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


def test_a_check_counts_or_clears(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        issue = access_issues.report(work, place.id, category="DOG")
        access_issues.triage(work, issue.id, "open")
        assert access_issues.recheck(work, issue.id, still_there=True).occurrences == 2
        cleared = access_issues.recheck(work, issue.id, still_there=False)
        assert (cleared.state, cleared.cleared_at) == ("cleared", work.at)
        assert access_issues.recheck(work, issue.id, still_there=True).state == "cleared"


def test_what_was_cleared_lately_opens_again_at_its_second_notice(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        issue = access_issues.report(work, place.id, category="DOG")
        access_issues.recheck(work, issue.id, still_there=False)
        again = access_issues.report(work, place.id, category="DOG")
        assert (again.id, again.state, again.cleared_at, again.occurrences) == (issue.id, "notice2", None, 2)


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
