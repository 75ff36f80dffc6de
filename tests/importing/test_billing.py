"""What billing tells by file does what it does by the API: cut-offs are called back, once, however often it comes."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from curbstop.importing import OPERATOR, Report, import_file
from curbstop.models import Account, Hold, Letter, Payment, ServiceOrder, Standing
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.commands.test_standings import of_type
from tests.cut_offs import any_day, delinquent
from tests.town import Place, Town


class Desk:
    """Three accounts that are to be cut off, and the files of a morning."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        any_day(town)
        self.places: list[Place] = [delinquent(town, town.place()) for _ in range(3)]
        self.orders = [of_type(town, "CUT_OFF_NP", place) for place in self.places]
        numbers = {row.id: row.number for row in town.all(select(Account))}
        self.numbers = [numbers[place.account_id] for place in self.places]

    def take(self, kind: str, *lines: str, commit: bool = True) -> Report:
        path = self.folder / f"{kind}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return import_file(self.town.sessions, self.town.settings, OPERATOR, kind, path, commit=commit)

    def states(self) -> list[str]:
        return [self.town.read_order(one).state for one in self.orders]

    def refused(self, report: Report) -> list[tuple[int, str]]:
        return [(one.line, one.reason) for one in report.outcome.refused]


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


@pytest.fixture
def desk(town: Town, tmp_path: Path) -> Desk:
    return Desk(town, tmp_path)


def test_payments_call_cut_offs_back_once_and_say_what_does_not_fit(desk: Desk) -> None:
    paid, other, _ = desk.numbers
    now = utc_now().isoformat()
    lines = (
        "Receipt,Account,Amt,Payment date",
        f'P-1,{paid},"1,084.20",{now}',
        f"P-2,{other},1.00,{now}",
        f"P-3,AC-999999,10.00,{now}",
        f"P-1,{paid},84.21,{now}",
        f"P-4,{other},5.00,2199-01-01 10:00",
        f"P-5,{other},0,{now}",
    )
    preview = desk.take("payments", *lines, commit=False)
    assert (desk.states(), desk.town.all(select(Payment))) == (["ready"] * 3, [])
    report = desk.take("payments", *lines)
    assert report.outcome == preview.outcome
    assert report.outcome.added == 2
    assert desk.states() == ["cancelled", "ready", "ready"]
    assert (4, "no_such_account") in desk.refused(report)
    assert (6, "invalid") in desk.refused(report)
    again = desk.take("payments", *lines)
    assert (again.outcome.added, again.outcome.same) == (0, 2)
    assert len(desk.town.all(select(Payment))) == 2


def test_a_payment_that_came_back_is_owed_again_and_written_about_once(desk: Desk) -> None:
    number, back = desk.numbers[0], desk.town.today - timedelta(days=1)
    long_ago = f"{desk.town.today - timedelta(days=9)} 10:00"
    desk.take("payments", "payment_id,account_number,amount,received_at", f"P-1,{number},50,{long_ago}")
    lines = ("payment_id,returned_on,reason", f"P-1,{back},NSF", f"P-9,{back},NSF")
    report = desk.take("returned_payments", *lines)
    assert (report.outcome.changed, desk.refused(report)) == (1, [(3, "not_found")])
    [payment] = desk.town.all(select(Payment))
    assert (payment.returned_on, payment.return_reason) == (back, "insufficient_funds")
    again = desk.take("returned_payments", *lines)
    assert (again.outcome.changed, again.outcome.same) == (0, 1)
    assert [one.kind for one in desk.town.all(select(Letter))] == ["returned_payment_notice"]


def test_standings_replace_older_ones_and_nothing_past_due_calls_back(desk: Desk) -> None:
    tomorrow = desk.town.today + timedelta(days=1)
    lines = (
        "account,past_due,as_of,periods",
        # The town's standings are of this moment; a standing of long ago says nothing about it.
        f"{desk.numbers[0]},0,2020-01-01 08:00,0",
        f"{desk.numbers[1]},12.50,{tomorrow} 23:00,1",
        "AC-999999,1,2020-01-01 08:00,1",
    )
    report = desk.take("standings", *lines)
    assert (report.outcome.same, report.outcome.added, report.outcome.changed) == (1, 0, 0)
    assert desk.refused(report) == [(3, "invalid"), (4, "no_such_account")]
    with desk.town.sessions.write() as session:
        for row in session.scalars(select(Standing)):
            row.as_of -= timedelta(hours=30)
    paid_up = f"{desk.numbers[0]},0,{desk.town.today} 00:00,0"
    assert desk.take("standings", lines[0], paid_up).outcome.changed == 1
    assert desk.states() == ["cancelled", "ready", "ready"]


def test_holds_stand_in_the_way_once_and_a_bad_one_is_named(desk: Desk) -> None:
    today = desk.town.today
    lines = (
        "account_number,kind,starts_on,through,reason,category",
        f"{desk.numbers[0]},payment arrangement,{today},,Twelve instalments,",
        f"{desk.numbers[1]},dispute,{today},,Says he paid,",
        f"{desk.numbers[2]},critical,{today},,A clinic,spaceport",
        f"{desk.numbers[2]},dispute,{today},{today - timedelta(days=3)},Ends before it begins,",
        f"AC-999999,dispute,{today},,Nobody,",
    )
    report = desk.take("holds", *lines)
    assert report.outcome.added == 2
    assert desk.refused(report) == [(4, "invalid"), (5, "invalid"), (6, "no_such_account")]
    assert desk.states() == ["cancelled", "cancelled", "ready"]
    assert desk.take("holds", *lines).outcome.same == 2
    assert desk.town.all(select(func.count()).select_from(Hold)) == [2]
    assert len(desk.town.all(select(ServiceOrder))) == 3
