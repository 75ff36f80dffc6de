"""Causal, atomic, convergent: in every seed, under lost, doubled, late and cut requests; the checker is tested, too."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from curbstop.commands import staff, tablets
from tests.faults.causal import History, Play
from tests.faults.consistency import Read, State, Write, anomalies
from tests.faults.fleet import PASSWORD, Technician
from tests.faults.proxy import ROUGH, Lane
from tests.town import Town

WHO = ("tom", "tess", "lee")
SEEDS = (1, 2)


@pytest.fixture
def crew(town: Town, in_process: int, tmp_path: Path) -> Iterator["Crew"]:
    with ExitStack() as stack:
        yield Crew(town, in_process, tmp_path, stack)


class Crew:
    """Three technicians whose tablets all hold the same four places."""

    def __init__(self, town: Town, port: int, folder: Path, stack: ExitStack) -> None:
        self.town, self.port, self.folder, self.stack = town, port, folder, stack
        self.places = [town.place() for _ in range(4)]

    def begin(self, seed: int) -> Play:
        made = []
        with self.town.work() as work:
            for login in WHO:
                staff.reset_password(work, self.town.staff[login], PASSWORD)
        for login in WHO:
            for place in self.places:
                self.town.order("GEN", place, to=login, override_duplicate=True, reason="one more")
            lane = Lane(self.port, seed, login, ROUGH)
            self.stack.callback(lane.close)
            technician = Technician(login, lane, self.folder, seed)
            self.stack.callback(technician.close)
            with self.town.work("sue") as work:
                code = tablets.make_code(work, f"{login}'s tablet").code
            technician.begin(code)
            technician.insist(technician.client.pull)
            made.append(technician)
        return Play(self.town, [place.id for place in self.places], made, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_tablets_see_is_causal_atomic_and_converges(crew: Crew, seed: int, request: pytest.FixtureRequest) -> None:
    """Clauses 4.2, 4.3, 4.6; I2, I6, I7, I8."""
    play = crew.begin(seed)
    history = play.run()
    found = anomalies(history.writes, history.reads, play.final())
    assert not found, [*found[:10], f"replay: python -m pytest '{request.node.nodeid}'"]
    assert not [complaint for one in play.technicians for complaint in one.complaints]
    # A history in which nobody read between writes would be consistent, too.
    assert len({str(read.state) for read in history.reads}) > 5
    assert len(history.writes) > 40
    _plant(history)


def _plant(history: History) -> None:
    """The checker has teeth on this very history, not only on those of four writes."""
    number, read = next((n, read) for n, read in enumerate(history.reads) if max(_numbers(read).values()) > 3)
    register = max(_numbers(read), key=lambda one: _numbers(read)[one])
    planted = Read(read.by, {**read.state, register: 0}, read.acknowledged)
    found = anomalies(history.writes, [*history.reads[:number], planted, *history.reads[number + 1 :]])
    assert any(one.startswith("torn") for one in found)


def _numbers(read: Read) -> dict[str, int]:
    return {register: value for register, value in read.state.items() if isinstance(value, int)}


# -- the checker


A: State = {"x": 1, "y": 1, "n": frozenset()}
WRITES = [
    Write("t1", (("x", 1), ("y", 1))),
    Write("t2", (("x", 2), ("y", 2))),
    Write("tom 1", (("n", "a"),), {"x": 2, "y": 2}),
    Write("tom 2", (("m", "b"),), {}, ("tom 1",)),
]


def test_a_good_history_has_no_anomaly() -> None:
    reads = [Read("tom", A), Read("tom", {"x": 2, "y": 2, "n": frozenset("a"), "m": frozenset("b")}, ("tom 1",))]
    assert anomalies(WRITES, reads, {"x": 2, "y": 2, "n": frozenset("a"), "m": frozenset("b")}) == []


@pytest.mark.parametrize(
    ("kind", "reads"),
    [
        ("torn", [Read("tom", {"x": 2, "y": 1})]),
        ("monotonic reads", [Read("tom", {"x": 2, "y": 2}), Read("tom", A)]),
        ("monotonic reads", [Read("tom", {"n": frozenset("a")}), Read("tom", {"n": frozenset()})]),
        ("writes follow reads", [Read("tess", {"x": 1, "y": 1, "n": frozenset("a")})]),
        ("monotonic writes", [Read("tess", {"n": frozenset(), "m": frozenset("b")})]),
        ("read-your-writes", [Read("tom", {"n": frozenset()}, ("tom 1",))]),
        ("divergent", [Read("tess", {"x": 1, "y": 1})]),
    ],
)
def test_a_planted_anomaly_is_found(kind: str, reads: list[Read]) -> None:
    found = anomalies(WRITES, reads, {"x": 2, "y": 2, "n": frozenset("a"), "m": frozenset("b")})
    assert any(one.startswith(kind) for one in found)
