"""Buckets: a long route has more rows than a statement may have parameters."""

import pytest
from sqlalchemy import select

from curbstop.commands import scope
from curbstop.models import ChangeLog
from curbstop.models.ids import new_id
from tests.town import Town


@pytest.mark.parametrize("few", [2, 100])
def test_what_a_bucket_held_before_is_noted_of_few_rows_and_of_many(
    town: Town, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "FEW", few)
    ids = [new_id() for _ in range(10)]
    with town.work() as work:
        scope.enter(work, "route:x", [("stop", row_id, 1) for row_id in ids])
        scope.enter(work, "route:x", [("stop", row_id, 2) for row_id in ids[:5]])
    told = town.all(select(ChangeLog).where(ChangeLog.bucket == "route:x").order_by(ChangeLog.id))
    assert [(row.row_version, row.was_version) for row in told] == [(1, 0)] * 10 + [(2, 1)] * 5
