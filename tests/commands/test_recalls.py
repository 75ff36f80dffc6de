"""What is said of a cut-off whose report met its recall, and when work counts as done."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from curbstop.commands import field_work, recalls
from curbstop.commands.field_work import Visit
from curbstop.domain.moments import as_text
from curbstop.models import ServiceOrder, SupervisorTask
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


@pytest.mark.parametrize(
    ("cut_after_s", "uncertainty_s", "said"),
    [
        (-120, 2.0, "before the recall"),
        (120, 2.0, "after the recall"),
        (1, 2.0, "nobody can tell which came first"),
        (45, None, "nobody can tell which came first"),
        (None, None, "recalled, and reported as cut off"),
    ],
)
def test_a_supervisor_is_told_which_came_first_where_that_is_known(
    town: Town, cut_after_s: float | None, uncertainty_s: float | None, said: str
) -> None:
    """Clause 11.4: an angry caller is told what happened, and nothing that nobody knows."""
    order_id = town.order("CUT_OFF_REQ", town.place(), to="tom")
    with town.work() as work:
        cut = work.session.get_one(ServiceOrder, order_id)
        done = None if cut_after_s is None else as_text(work.at + timedelta(seconds=cut_after_s))
        facts = {"recalled_at": as_text(work.at), "noted_at_corrected": done, "uncertainty_s": uncertainty_s}
        recalls.restore(work, cut, facts)
    [task] = town.all(select(SupervisorTask))
    assert said in task.detail


@pytest.mark.parametrize(("hours", "counts"), [(-6, -6), (6, 0)])
def test_work_counts_as_done_when_it_was_done_and_not_when_it_came_in(town: Town, hours: int, counts: int) -> None:
    """Clause 12.7: also when it arrives a day later; nothing was done later than it came."""
    order_id = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("tom", tablet.tablet_id) as work:
        visit = Visit(outcome="DONE", captures={"notes": "x"}, noted_at=work.at + timedelta(hours=hours))
        order = field_work.complete(work, order_id, visit)
        assert order.completed_at == work.at + timedelta(hours=counts)
