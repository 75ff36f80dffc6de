"""The policy in force: versions that stay, closures, and the calendar that cut-offs count by."""

from datetime import date

import pytest
from sqlalchemy import select

from curbstop.commands import policies
from curbstop.domain.policy import profile
from curbstop.domain.problems import Problem
from curbstop.models import AuditEntry, Closure, PolicyVersion
from tests.town import Town


def test_an_installation_that_was_never_asked_goes_by_the_generic_profile(town: Town) -> None:
    with town.sessions.read() as session:
        now = policies.in_force(session)
    assert (now.number, now.policy) == (0, profile("generic"))


def test_an_edit_makes_a_version_and_the_one_before_stays(town: Town) -> None:
    with town.work("ada") as work:
        assert policies.start(work, "nc", reason="We are in North Carolina.").number == 1
        now = policies.edit(work, {"cut_off": {"delinquent_days": 15}}, reason="Ordinance 2026-14", if_version=1)
    assert (now.number, now.profile, now.policy.cut_off.delinquent_days) == (2, "nc", 15)
    first, second = town.all(select(PolicyVersion).order_by(PolicyVersion.number))
    assert (first.content["cut_off"]["delinquent_days"], second.reason) == (10, "Ordinance 2026-14")
    assert second.made_by_id == town.staff["ada"]


def test_the_same_settings_again_make_no_version(town: Town) -> None:
    with town.work("ada") as work:
        policies.start(work, "nc", reason="We are in North Carolina.")
        again = policies.edit(work, {"cut_off": {"delinquent_days": 10}}, reason="Nothing new")
    assert again.number == 1


def test_an_edit_of_a_version_that_is_not_the_newest_is_refused(town: Town) -> None:
    with town.work("ada") as work:
        policies.start(work, "nc", reason="We are in North Carolina.")
    with pytest.raises(Problem) as refused, town.work("ada") as work:
        policies.edit(work, {"cut_off": {"delinquent_days": 11}}, reason="Late", if_version=0)
    assert (refused.value.code, refused.value.extra["current_version"]) == ("version_mismatch", 1)


@pytest.mark.parametrize("calendar", [{"country": "ZZ"}, {"country": "US", "subdivision": "ZZ"}])
def test_a_country_without_a_calendar_is_found_out_at_once(town: Town, calendar: dict[str, str]) -> None:
    with pytest.raises(Problem, match="policy_invalid: There is no calendar"), town.work("ada") as work:
        policies.edit(work, {"calendar": calendar}, reason="Abroad")
    assert town.all(select(PolicyVersion)) == []


def test_only_the_administrator_edits_it(town: Town) -> None:
    for name in ("sue", "carla", "bill"):
        with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
            policies.edit(work, {}, reason="Mine")


def test_the_calendar_knows_weekends_public_holidays_and_own_closures(town: Town) -> None:
    founders_day = date(2026, 5, 12)
    with town.work("ada") as work:
        nc = policies.start(work, "nc", reason="We are in North Carolina.").policy
        policies.close(work, founders_day, "Founders' Day")
        closures = policies.closures(work.session, nc)
        elsewhere = policies.closures(work.session, profile("generic"))
    assert closures.is_closed(founders_day)
    assert closures.is_closed(date(2026, 7, 3)), "Independence Day of 2026 is a Saturday, and observed the day before"
    assert closures.is_closed(date(2026, 7, 4))
    assert not closures.is_closed(date(2026, 7, 6))
    assert closures.is_closed(date(2027, 12, 31)), "New Year's Day of 2028 is a Saturday"
    assert closures.is_closed(date(2040, 12, 25)), "nobody has to say how far a question will reach"
    # Good Friday is a holiday in North Carolina, not in the whole country.
    assert (closures.is_closed(date(2026, 4, 3)), elsewhere.is_closed(date(2026, 4, 3))) == (True, False)


def test_a_day_is_closed_once_and_opened_again(town: Town) -> None:
    day = date(2026, 5, 12)
    with town.work("ada") as work:
        closure_id = policies.close(work, day, "Founders' Day").id
    with pytest.raises(Problem, match="conflict"), town.work("ada") as work:
        policies.close(work, day, "Once more")
    with town.work("ada") as work:
        policies.reopen(work, closure_id)
    assert town.all(select(Closure)) == []
    actions = town.all(select(AuditEntry.action).where(AuditEntry.entity_type == "closure"))
    assert sorted(actions) == ["closure.add", "closure.remove"]


def test_a_country_that_keeps_no_holidays_closes_on_weekends_only(town: Town) -> None:
    with town.work("ada") as work:
        bare = policies.edit(work, {"calendar": {"country": "", "subdivision": ""}}, reason="None").policy
        closures = policies.closures(work.session, bare)
    assert [closures.is_closed(date(2026, 12, day)) for day in (25, 26)] == [False, True]


def test_only_a_gate_that_there_is_can_be_overridden(town: Town) -> None:
    with pytest.raises(Problem, match="no gate 'minimun'"), town.work("ada") as work:
        policies.edit(work, {"overrides": {"minimun": ["SUP"]}}, reason="A slip")
