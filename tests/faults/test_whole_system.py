"""The whole system under faults: real server, real tablets, bad lines, kills; in the end the accounts balance.

`make soak` is the same for longer. A run that fails prints the command that replays it.
"""

from pathlib import Path

import pytest

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.faults.run import Plan, Run, faults

SECONDS = 12.0


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_doubled_or_skipped(
    sessions: Sessions, settings: Settings, backend: str, tmp_path: Path, seed: int
) -> None:
    """Clauses 1.5, 3.3, 3.4, 3.9, 4.2, 4.6; I2, I3, I5, I6, I12."""
    plan = Plan(seed, backend, SECONDS, tablets=3)
    run = Run(plan, settings, sessions, tmp_path)
    made = run.play()
    story = "\n".join([*made.complaints[:20], *made.details[:20], *list(faults(run))[-40:]])
    assert made.balance, f"{made.summary()}\n{story}\nreplay: {plan.command}"
    # A run in which nothing happened would balance, too.
    # On a busy machine little happens in the time; `make soak` has more of it.
    assert made.operations > 10, made.summary()
    assert len({event.fault for lane in run.lanes for event in lane.events}) > 4
    assert run.kills >= 1
