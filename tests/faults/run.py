"""The whole system for a while: tablets and an office behind bad lines, a real server, and one who kills things."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from curbstop.commands import staff, tablets
from curbstop.domain.permissions import Role
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from curbstop.tablet import outbox
from tests.faults import accounts, nemesis
from tests.faults.accounts import Accounts
from tests.faults.fleet import PASSWORD, Desk, Technician
from tests.faults.proxy import ROUGH, Lane
from tests.town import SKILLS, Town


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played; `command` replays it."""

    seed: int
    backend: str
    seconds: float = 20.0
    tablets: int = 4
    kill_every_s: float = 6.0
    stops: int = 30
    orders: int = 12
    # So that ops are not all noted in the first seconds: about 6 a second from each tablet.
    work_share: float = 0.6

    @property
    def command(self) -> str:
        return (
            f"python -m tests.faults --seed {self.seed} --backend {self.backend}"
            f" --seconds {self.seconds:g} --tablets {self.tablets}"
        )


@dataclass
class Run:
    """One play of a plan on a database that nobody else uses."""

    plan: Plan
    settings: Settings
    sessions: Sessions
    folder: Path
    say: Callable[[str], None] = lambda _: None
    lanes: list[Lane] = field(default_factory=list)
    kills: int = 0
    terminated: int = 0

    def play(self) -> Accounts:
        """Plays the plan to its end and draws up the accounts."""
        self.town = Town(self.sessions, self.settings).settle()
        server = nemesis.Server(self.settings, self.folder / "server")
        with contextlib.ExitStack() as stack:
            stack.enter_context(server)
            desk, technicians = self._people(stack, server)
            stop = threading.Event()
            days = [desk.day, *(one.day for one in technicians)]
            threads = [threading.Thread(target=day, args=[stop]) for day in days]
            for thread in threads:
                thread.start()
            trouble = nemesis.harass(stop, self._deeds(server), self.plan.seed)
            self._wait(stop, technicians)
            stop.set()
            for thread in (trouble, *threads):
                thread.join()
            self.kills = server.api.kills + server.workers.kills
            server.wait()
            for lane in self.lanes:
                lane.calm()
            self._evening(technicians)
            made = accounts.draw_up(self.sessions, self.settings, technicians)
            made.complaints += desk.complaints
            twice = accounts.orders_made_twice(self.sessions, desk.created)
            made.doubled += len(twice)
            made.details += [f"the office's {text!r} is not there exactly once" for text in twice]
        return made

    def _wait(self, stop: threading.Event, technicians: list[Technician]) -> None:
        end, told = time.monotonic() + self.plan.seconds, time.monotonic()
        while time.monotonic() < end and not stop.wait(0.2):
            if time.monotonic() - told > 10:
                told = time.monotonic()
                noted = sum(len(one.noted) for one in technicians)
                pending = sum(outbox.unanswered(one.store) for one in technicians)
                self.say(f"{end - told:4.0f} s left: {noted} ops noted, {pending} without an answer")

    def _evening(self, technicians: list[Technician]) -> None:
        """All sync until nothing moves any more: what one does may put a row on another's tablet."""
        for _ in range(3):
            threads = [threading.Thread(target=one.evening) for one in technicians]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    # -- the beginning

    def _people(self, stack: contextlib.ExitStack, server: nemesis.Server) -> tuple[Desk, list[Technician]]:
        logins = [f"tech{number}" for number in range(1, self.plan.tablets + 1)]
        ids = self._hire(logins)
        places = [self.town.place() for _ in range(max(6, self.plan.stops // 2))]
        desk = Desk(self._lane(stack, server, "office"), "sue", self.plan.seed, self.town.today)
        stack.callback(desk.close)
        desk.technicians, desk.places = [str(one) for one in ids.values()], [str(one.id) for one in places]
        chance = random.Random(f"{self.plan.seed}/town")
        for _ in range(self.plan.orders):
            order = self.town.order("GEN", chance.choice(places), override_duplicate=True, reason="one more")
            self.town.staff["someone"] = chance.choice(list(ids.values()))
            self.town.assign(order, "someone")
            desk.orders.append(str(order))
        technicians = []
        for login, staff_id in ids.items():
            self.town.staff["walker"] = staff_id
            self.town.route([self.town.place() for _ in range(self.plan.stops)], to="walker")
            folder = self.folder / "tablets"
            folder.mkdir(exist_ok=True)
            lane = self._lane(stack, server, login)
            technician = Technician(login, lane, folder, self.plan.seed, self.plan.work_share)
            stack.callback(technician.close)
            with self.town.work("sue") as work:
                code = tablets.make_code(work, f"{login}'s tablet").code
            technician.begin(code)
            technicians.append(technician)
        desk.begin()
        return desk, technicians

    def _hire(self, logins: list[str]) -> dict[str, UUID]:
        with self.town.work() as work:
            made = {
                login: staff.create(
                    work, login=login, name=login.title(), roles=[Role.TECH], password=PASSWORD, skills=SKILLS,
                    daily_capacity=10_000,
                ).id
                for login in logins
            }  # fmt: skip
            staff.reset_password(work, self.town.staff["sue"], PASSWORD)
        return made

    def _lane(self, stack: contextlib.ExitStack, server: nemesis.Server, name: str) -> Lane:
        lane = Lane(server.port, self.plan.seed, name, ROUGH)
        stack.callback(lane.close)
        self.lanes.append(lane)
        return lane

    # -- the trouble

    def _deeds(self, server: nemesis.Server) -> list[tuple[float, Callable[[], object]]]:
        chance = random.Random(f"{self.plan.seed}/kills")
        deeds: list[tuple[float, Callable[[], object]]] = [
            (self.plan.kill_every_s, lambda: server.api.kill_a_child(chance)),
            (self.plan.kill_every_s * 3, server.kill_api),
            (self.plan.kill_every_s * 2, server.kill_workers),
        ]
        if not self.settings.is_embedded:
            deeds += [
                (self.plan.kill_every_s / 2, lambda: self._terminate(committing=False)),
                (self.plan.kill_every_s / 4, lambda: self._terminate(committing=True)),
            ]
        return deeds

    def _terminate(self, *, committing: bool) -> None:
        self.terminated += nemesis.terminate_connections(self.settings.database_url, committing=committing)


def faults(run: Run) -> Iterator[str]:
    """What the lanes did, for whoever looks into a failed run."""
    for lane in run.lanes:
        for event in lane.events:
            if event.fault != "pass":
                yield f"{lane.name} {event}"
