"""Plays a history for the checker: an office and tablets write to shared places while lines break, and tablets read.

Every place is held by an order of each technician, so all tablets hold all registers: `<place>/read_instructions` is
the office's max-write-wins register, written at several places in one transaction; `<place>/access_notes` is an append
register, to which tablets add lines by ops and the office's merge keeps them all.
"""

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from curbstop.commands import service_points
from curbstop.models import ServicePoint
from curbstop.models.engine import is_passing
from curbstop.tablet import Offline, Refused, view
from tests.faults.consistency import Read, State, Value, Write
from tests.faults.fleet import BUSY, Technician
from tests.town import Town

TRANSACTIONS, STEPS = 18, 16
PATIENCE = 5


@dataclass
class History:
    """What happened, as the checker wants it. Lists are appended to by many threads, which Python allows."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)


@dataclass
class Play:
    """One history of a seed."""

    town: Town
    places: Sequence[UUID]
    technicians: Sequence[Technician]
    seed: int
    history: History = field(default_factory=History)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    failed: list[BaseException] = field(default_factory=list)

    def run(self) -> History:
        """Everybody at once; then the lines are healed, and all tablets come to rest."""
        deeds = [partial(self._office, number) for number in range(2)]
        deeds += [partial(self._tablet, technician) for technician in self.technicians]
        threads = [threading.Thread(target=self._guarded, args=[deed]) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for technician in self.technicians:
            technician.lane.calm()
        for technician in [*self.technicians, *self.technicians]:
            technician.evening()
            self._read(technician)
        if self.failed:
            raise self.failed[0]
        return self.history

    def final(self) -> State:
        """What the server's own table says."""
        with self.town.sessions.read() as session:
            rows = session.scalars(select(ServicePoint).where(ServicePoint.id.in_(self.places)))
            return _state({str(row.id): (row.read_instructions, row.access_notes) for row in rows})

    def _guarded(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever started the thread
            self.failed.append(error)

    # -- the office

    def _office(self, number: int) -> None:
        chance = random.Random(f"{self.seed}/office/{number}")
        for turn in range(TRANSACTIONS):
            chosen = sorted(chance.sample(list(self.places), chance.randint(2, len(self.places))))
            for left in reversed(range(PATIENCE)):
                try:
                    self._write_together(f"office {number}.{turn}", chosen)
                    break
                except DBAPIError as error:
                    # The API tries again as well: of two that wait for each other, the database ends one.
                    if not left or not is_passing(error):
                        raise
            threading.Event().wait(chance.random() * 0.06)

    def _write_together(self, name: str, chosen: list[UUID]) -> None:
        """One number to several places in one transaction."""
        with self.town.work("carla") as work:
            # Locked before the number is drawn, so that each register only grows.
            work.session.scalars(
                select(ServicePoint).where(ServicePoint.id.in_(chosen)).order_by(ServicePoint.id).with_for_update()
            ).all()
            value = next(self.numbers)
            for place in chosen:
                service_points.edit(work, place, {"read_instructions": str(value)}, if_version=None)
            cells = tuple((f"{place}/read_instructions", value) for place in chosen)
            # Told before it is committed: a tablet may read it before this thread goes on. All locks are held by
            # now, so the commit goes through.
            self.history.writes.append(Write(name, cells))

    # -- a tablet

    def _tablet(self, technician: Technician) -> None:
        chance = random.Random(f"{self.seed}/{technician.login}/causal")
        own: list[str] = []
        for step in range(STEPS):
            if chance.random() < 0.12:
                technician.lane.cut = not technician.lane.cut
            deed = chance.random()
            if deed < 0.45:
                own.append(self._write(technician, chance.choice(list(self.places)), step, tuple(own)))
            self._sync(technician, pull_only=deed > 0.8)
            threading.Event().wait(chance.random() * 0.05)
        technician.lane.cut = False

    def _write(self, technician: Technician, place: UUID, step: int, own: tuple[str, ...]) -> str:
        """Adds a line, on top of what the tablet shows."""
        name = f"{technician.login} {step}"
        shown = view.find(technician.store, "service_point", str(place))
        assert shown is not None
        notes = "\n".join([*(shown["access_notes"] or "").splitlines(), name])
        write = Write(name, ((f"{place}/access_notes", name),), self._state_of(technician), own)
        self.history.writes.append(write)
        technician.field.edit_place(str(place), access_notes=notes)
        return name

    def _sync(self, technician: Technician, *, pull_only: bool) -> None:
        try:
            if not pull_only:
                technician.client.push()
            technician.client.pull()
        except Offline:
            return
        except Refused as refused:
            if refused.status not in BUSY:
                raise
            return
        self._read(technician)

    def _read(self, technician: Technician) -> None:
        """The rows as the server sent them, without the tablet's own unanswered work laid over them."""
        settled = technician.store.query(
            "SELECT content FROM verdict WHERE kind = 'service_point.edit' AND shown = 0"
            " AND verdict IN ('applied', 'merged') ORDER BY n"
        )
        mine = [write for write in self.history.writes if write.name.startswith(f"{technician.login} ")]
        told = tuple(write.name for write in mine[: len(settled)])
        self.history.reads.append(Read(technician.login, self._state_of(technician), told))

    def _state_of(self, technician: Technician) -> State:
        rows = {}
        for place in self.places:
            kept = technician.store.server_row("service_point", str(place))
            if kept is not None:
                rows[str(place)] = (kept[2]["read_instructions"], kept[2]["access_notes"])
        return _state(rows)


def _state(rows: dict[str, tuple[str | None, str | None]]) -> State:
    state: dict[str, Value] = {}
    for place, (instructions, notes) in rows.items():
        state[f"{place}/read_instructions"] = int(instructions or 0)
        state[f"{place}/access_notes"] = frozenset((notes or "").splitlines())
    return state
