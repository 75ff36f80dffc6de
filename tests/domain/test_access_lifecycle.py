"""The clock of an access issue, and its lifecycle under every order of events: who may never be hurt by it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from curbstop.domain import access_notices as rules
from curbstop.domain.access_issues import STAGE, AccessEvent, AccessState, is_open, report, step
from curbstop.domain.access_notices import Mail, Notice
from curbstop.domain.policy import profile
from curbstop.domain.problems import Problem

DAY = date(2026, 5, 4)
POLICY = profile("generic").access


def notice(stage: int = 1, mail: Mail = Mail.MAILED, *, days: int = 0, **more: int) -> Notice:
    return Notice(stage, more.get("round", 1), mail, DAY + timedelta(days=days))


def test_the_customer_has_the_longest_of_the_deadlines() -> None:
    both = [notice(days=17), notice(days=20)]
    assert rules.deadline(both, 1, 1) == DAY + timedelta(days=20)
    assert not rules.has_passed(DAY, DAY)
    assert rules.has_passed(DAY, DAY + timedelta(days=1))


@pytest.mark.parametrize("mail", [Mail.WAITING, Mail.RETURNED, Mail.VOID])
def test_no_clock_runs_while_one_of_two_letters_is_not_with_its_reader(mail: Mail) -> None:
    assert rules.deadline([notice(), notice(mail=mail)], 1, 1) is None
    assert rules.deadline([notice(), replace(notice(mail=mail), replaced=True)], 1, 1) == DAY


def test_a_first_letter_that_comes_back_late_stops_the_second_ones_clock_too() -> None:
    assert rules.deadline([notice(mail=Mail.RETURNED), notice(2, days=9)], 1, 2) is None


def test_a_second_round_stands_on_the_first_letter_of_the_round_before() -> None:
    before = [notice(), notice(2, days=9), notice(3, days=9)]
    assert rules.deadline(before, 2, 2) is None
    assert rules.deadline([*before, notice(2, days=30, round=2)], 2, 2) == DAY + timedelta(days=30)
    assert rules.was_noticed(before)
    assert not rules.was_noticed([notice(mail=Mail.RETURNED)])


class Lifecycle(RuleBasedStateMachine):
    """Reports, letters, the post, visits and escalations in any order, on days of any distance."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.today, self.round = AccessState.REPORTED, DAY, 1
        self.notices: list[Notice] = []
        self.confirmed, self.ours, self.cleared = False, False, DAY

    @property
    def due_on(self) -> date | None:
        stage = STAGE.get(self.state)
        return rules.deadline(self.notices, self.round, stage) if stage else None

    def _step(self, event: AccessEvent) -> bool:
        try:
            self.state = step(self.state, event)
        except Problem:
            return False
        return True

    @rule(days=st.integers(1, 40))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(event=st.sampled_from([AccessEvent.TRIAGE, AccessEvent.FIND_UTILITY_FAULT]))
    def triage(self, event: AccessEvent) -> None:
        self.ours |= self._step(event) and event is AccessEvent.FIND_UTILITY_FAULT

    @rule(count=st.integers(1, 2))
    def write(self, count: int) -> None:
        try:
            stage = rules.next_stage(self.state, confirmed=self.confirmed)
        except Problem:
            return
        if not any(one.stage == stage and one.round == self.round for one in self.notices):
            self.notices += [Notice(stage, self.round, Mail.WAITING)] * count

    @precondition(lambda self: any(one.mail is Mail.WAITING for one in self.notices))
    @rule()
    def mail(self) -> None:
        at = next(i for i, one in enumerate(self.notices) if one.mail is Mail.WAITING)
        stage = self.notices[at].stage
        until = self.today + timedelta(days=POLICY.days(stage))
        if STAGE.get(self.state, 0) <= stage and self._step(AccessEvent.MAIL_LETTER):
            self.notices[at] = replace(self.notices[at], mail=Mail.MAILED, until=until)
            self.confirmed = False

    @precondition(lambda self: self.state in STAGE and any(one.mail is Mail.MAILED for one in self.notices))
    @rule(data=st.data())
    def post_returns(self, data: st.DataObject) -> None:
        mailed = [i for i, one in enumerate(self.notices) if one.mail is Mail.MAILED and not one.replaced]
        if not mailed:
            return
        at = data.draw(st.sampled_from(mailed))
        self.notices[at] = replace(self.notices[at], mail=Mail.RETURNED)
        self.confirmed = False
        self._step(AccessEvent.RETURN_MAIL)

    @rule()
    def send_again(self) -> None:
        back = [i for i, one in enumerate(self.notices) if one.mail is Mail.RETURNED and not one.replaced]
        if back and self.state in STAGE:
            old = self.notices[back[0]]
            self.notices[back[0]] = replace(old, replaced=True)
            until = self.today + timedelta(days=POLICY.days(old.stage))
            self.notices.append(Notice(old.stage, old.round, Mail.MAILED, until))

    @rule()
    def order_check(self) -> None:
        self._step(AccessEvent.ORDER_CHECK)

    @rule()
    def still_there(self) -> None:
        passed = rules.has_passed(self.due_on, self.today)
        if is_open(self.state):
            self.confirmed |= passed
            self._step(rules.event_of_check(self.state, passed=passed))

    @rule()
    def escalate(self) -> None:
        try:
            rules.require_escalatable(self.state, self.notices, self.round, confirmed=self.confirmed, today=self.today)
        except Problem:
            return
        ours = rules.counting(self.notices, self.round)
        assert {one.stage for one in ours} == {1, 2, 3}
        assert all(one.mail is Mail.MAILED and one.until is not None and one.until < self.today for one in ours)
        if self.state is not AccessState.ESCALATED:
            assert self._step(AccessEvent.ESCALATE)

    @rule()
    def clear(self) -> None:
        if is_open(self.state):
            self._step(AccessEvent.CLEAR)
            self.cleared = self.today

    @precondition(lambda self: self.state is AccessState.CLEARED)
    @rule()
    def met_again(self) -> None:
        recent = self.today - self.cleared <= timedelta(days=POLICY.reopen_days)
        if not recent:
            self.__init__()  # type: ignore[misc]
            return
        event = AccessEvent.REOPEN if rules.was_noticed(self.notices) else AccessEvent.REPORT_AGAIN
        self.state, self.round, self.confirmed = step(self.state, event), self.round + 1, False

    @invariant()
    def nothing_runs_while_mail_is_back(self) -> None:
        stage = STAGE.get(self.state, 0)
        if stage and rules.came_back(self.notices, self.round, stage):
            assert self.due_on is None
            assert self.state is not AccessState.ESCALATED

    @invariant()
    def what_is_ours_gets_no_letter(self) -> None:
        if self.state is AccessState.UTILITY_FAULT:
            with pytest.raises(Problem, match="impossible_transition"):
                rules.next_stage(self.state, confirmed=self.confirmed)

    @invariant()
    def an_escalated_issue_stands_on_three_letters(self) -> None:
        if self.state is AccessState.ESCALATED:
            assert rules.has_passed(rules.deadline(self.notices, self.round, 3), self.today)


TestLifecycle = Lifecycle.TestCase


@pytest.mark.parametrize("category", ["FLOODED", "INSECTS", "LID_BROKEN"])
def test_what_is_ours_is_never_written_about(category: str) -> None:
    with pytest.raises(Problem, match="nobody is written to"):
        rules.next_stage(report(category).state, confirmed=True)


@pytest.mark.parametrize(("stage", "days"), [(1, 17), (2, 13), (3, 13)])
def test_the_posts_days_come_on_top(stage: int, days: int) -> None:
    assert POLICY.days(stage) == days
