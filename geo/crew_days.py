"""Who does what, in which order: jobs given to crews by skill, time, room and weight, the least travel among the best.

PyVRP solves it (MIT): within 4 % of the best known on a thousand jobs in twenty seconds. Everything here is numbers:
the travel between places in seconds, moments in seconds of the day. Nothing is looked up, and nothing is written.
"""

import warnings
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyvrp import (
    Client,
    Depot,
    Location,
    PenaltyParams,
    ProblemData,
    Route,
    Solution,
    SolveParams,
    VehicleType,
    solve,
)
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.stop import FirstFeasible, MaxRuntime, MultipleCriteria, StoppingCriterion

Seconds = NDArray[Any]

# Without an end: the solver has less to look after where nobody is in time's way.
FOREVER_S: Final = int(np.iinfo(np.int64).max)
# A way that a crew may not go: longer than any day, and short enough to be added up a thousand times.
_NEVER: Final = 10**9
# What leaving a job of the least weight undone costs, in seconds of travel: nobody drives longer for one.
_LEFT: Final = 20_000
# What may be broken for a while on the way to a plan has to cost more than any job that it would make room for.
_PARAMS: Final = SolveParams(penalty=PenaltyParams(max_penalty=1e8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who works: from where, when, what they can, and how much. `ends_at` is None where the day may end anywhere."""

    starts_at: int
    ends_at: int | None = None
    begins_s: int = 0
    ends_s: int = FOREVER_S
    skills: frozenset[str] = frozenset()
    room: int = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done: where, how long it takes, when it may begin, what it needs. `weight`: 1 gives way first.

    `pinned` is the index of the crew that has it, whoever else could do it. It gives way to other pinned jobs only.
    """

    place: int
    takes_s: int = 0
    earliest_s: int = 0
    latest_s: int = FOREVER_S
    skills: frozenset[str] = frozenset()
    takes_room: int = 1
    weight: int = 1
    pinned: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A job in a crew's day, and when it is begun."""

    job: int
    begins_s: int


@dataclass(frozen=True, slots=True)
class Days:
    """Each crew's visits in their order, the jobs that nobody can do as well, and the travel of all together."""

    visits: tuple[tuple[Visit, ...], ...]
    left: tuple[int, ...]
    travel_s: int


class WhyLeft(StrEnum):
    """Why a job is in nobody's day."""

    NO_SKILL = "no_skill"  # nobody who works that day can do it
    PINNED_WITHOUT_SKILL = "pinned_without_skill"
    OUT_OF_HOURS = "out_of_hours"  # nobody who can could be there in its time, with nothing else to do
    NO_ROOM = "no_room"  # whoever could has as many as they may have
    NO_TIME = "no_time"  # other work fills the hours of whoever could


@dataclass(slots=True)
class _Stop:
    """PyVRP's stopping criterion: somebody wants no more of it."""

    wanted: Callable[[], bool]

    def __call__(self, best_cost: int) -> bool:
        return self.wanted()


@dataclass(slots=True)
class _Fleet:
    """Crews that are alike to the solver are one kind of vehicle, however many they are."""

    crews: Sequence[Crew]
    jobs: Sequence[Job]
    kinds: dict[Hashable, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pinned = {job.pinned for job in self.jobs if job.pinned is not None}
        for number, crew in enumerate(self.crews):
            self.kinds.setdefault((crew, number if number in pinned else None), []).append(number)


def plan_days(
    travel_s: Seconds,
    crews: Sequence[Crew],
    jobs: Sequence[Job],
    *,
    seconds: float = 5.0,
    seed: int = 1,
    cancelled: Callable[[], bool] = lambda: False,
) -> Days:
    """The plan found in so many seconds; `travel_s` has a row and a column for each place, shape (n, n).

    A job that cannot be done by anybody is left out before the solver sees it. What is pinned is left out only
    where its crew cannot do all that is pinned to it; of the rest what is heavy is left out last.
    """
    able = [n for n, job in enumerate(jobs) if any(can(crew, k, job) for k, crew in enumerate(crews))]
    if not able or not crews:
        return Days(tuple(() for _ in crews), tuple(range(len(jobs))), 0)
    fleet = _Fleet(crews, jobs)
    no_more = _Stop(cancelled)
    began = monotonic()
    # Where everything can be done the solver is eight times quicker if it may leave nothing out.
    problem = _problem(travel_s, fleet, [jobs[n] for n in able], required=range(len(able)))
    best = _best(problem, MultipleCriteria([MaxRuntime(seconds / 4), FirstFeasible(), no_more]), seed)
    if not best.is_feasible():
        # Begin with what is pinned and nothing else, and let no other work push it out.
        pins = [at for at, n in enumerate(able) if jobs[n].pinned is not None]
        kept: list[list[int]] = []
        if len(pins) < len(able):
            pinned = [jobs[able[at]] for at in pins]
            alone = plan_days(travel_s, crews, pinned, seconds=seconds / 8, seed=seed, cancelled=cancelled)
            kept = [[pins[visit.job] for visit in visits] for visits in alone.visits]
        problem = _problem(travel_s, fleet, [jobs[n] for n in able], required={n for day in kept for n in day})
        kind = {crew: number for number, alike in enumerate(fleet.kinds.values()) for crew in alike}
        best = Solution(problem, [Route(problem, day, kind[crew]) for crew, day in enumerate(kept) if day])
    rest = MultipleCriteria([MaxRuntime(max(0.0, seconds - (monotonic() - began))), no_more])
    return _days(_best(problem, rest, seed, best), fleet, able, len(jobs))


def _best(data: ProblemData, stop: StoppingCriterion, seed: int, begin: Solution | None = None) -> Solution:
    with warnings.catch_warnings():
        # It says that there may be no plan with everything in it, which is what is being found out.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        return solve(data, stop, seed, collect_stats=False, display=False, params=_PARAMS, initial_solution=begin).best


def can(crew: Crew, number: int, job: Job) -> bool:
    """Whether that crew may be given the job at all."""
    return job.skills <= crew.skills and job.pinned in (None, number)


def why_left(travel_s: Seconds, crews: Sequence[Crew], jobs: Sequence[Job], days: Days) -> dict[int, WhyLeft]:
    """For each job that was left the plainest reason."""
    used = [sum(jobs[visit.job].takes_room for visit in visits) for visits in days.visits]
    return {n: _why(travel_s, crews, jobs[n], used) for n in days.left}


def _why(travel_s: Seconds, crews: Sequence[Crew], job: Job, used: Sequence[int]) -> WhyLeft:
    if job.pinned is not None and not job.skills <= crews[job.pinned].skills:
        return WhyLeft.PINNED_WITHOUT_SKILL
    able = [(n, crew) for n, crew in enumerate(crews) if can(crew, n, job)]
    if not able:
        return WhyLeft.NO_SKILL
    alone = [(n, crew) for n, crew in able if _fits_alone(travel_s, crew, job)]
    if not alone:
        return WhyLeft.OUT_OF_HOURS
    if all(used[n] + job.takes_room > crew.room for n, crew in alone):
        return WhyLeft.NO_ROOM
    return WhyLeft.NO_TIME


def _fits_alone(travel_s: Seconds, crew: Crew, job: Job) -> bool:
    begins = max(crew.begins_s + int(travel_s[crew.starts_at, job.place]), job.earliest_s)
    home = 0 if crew.ends_at is None else int(travel_s[job.place, crew.ends_at])
    return begins <= job.latest_s and begins + job.takes_s + home <= crew.ends_s


def _problem(travel_s: Seconds, fleet: _Fleet, jobs: Sequence[Job], *, required: Collection[int]) -> ProblemData:
    """Locations are the places and one that is nowhere, where a day ends that may end anywhere."""
    nowhere = len(travel_s)
    base = np.zeros((nowhere + 1, nowhere + 1), np.int64)
    base[:nowhere, :nowhere] = travel_s
    # What one crew may not do at a place, another may, and the crew another job there: a location for each such job.
    kept_from = [n for n, job in enumerate(jobs) if any(not can(crew, k, job) for k, crew in enumerate(fleet.crews))]
    at = np.array([*range(nowhere + 1), *(jobs[n].place for n in kept_from)])
    location = {n: nowhere + 1 + row for row, n in enumerate(kept_from)}
    spread = base[np.ix_(at, at)]
    depots: dict[int, int] = {}
    for crews in fleet.kinds.values():
        crew = fleet.crews[crews[0]]
        for place in (crew.starts_at, nowhere if crew.ends_at is None else crew.ends_at):
            depots.setdefault(place, len(depots))
    kinds: list[VehicleType] = []
    matrices: list[Any] = []
    profiles: dict[tuple[int, ...], int] = {}
    for crews in fleet.kinds.values():
        crew = fleet.crews[crews[0]]
        barred = tuple(n for n, job in enumerate(jobs) if not can(crew, crews[0], job))
        if barred not in profiles:
            profiles[barred] = len(matrices)
            matrices.append(_without(spread, [location[n] for n in barred]))
        kinds.append(
            VehicleType(
                num_available=len(crews),
                capacity=[crew.room],
                start_depot=depots[crew.starts_at],
                end_depot=depots[nowhere if crew.ends_at is None else crew.ends_at],
                tw_early=crew.begins_s,
                tw_late=crew.ends_s,
                profile=profiles[barred],
            )
        )
    clients = [
        Client(
            location.get(n, job.place),
            delivery=[job.takes_room],
            service_duration=job.takes_s,
            tw_early=job.earliest_s,
            tw_late=job.latest_s,
            prize=0 if n in required else _LEFT * job.weight,
            required=n in required,
        )
        for n, job in enumerate(jobs)
    ]
    locations = [Location(0, 0) for _ in at]
    return ProblemData(locations, clients, [Depot(place) for place in depots], kinds, matrices, matrices)


def _without(spread: Seconds, at: list[int]) -> Seconds:
    if not at:
        return spread
    closed = spread.copy()
    closed[at, :] = closed[:, at] = _NEVER
    closed[at, at] = 0
    return closed


def _days(best: Solution, fleet: _Fleet, able: Sequence[int], jobs: int) -> Days:
    free = [list(crews) for crews in fleet.kinds.values()]
    visits: list[tuple[Visit, ...]] = [() for _ in fleet.crews]
    travel = 0
    for route in best.routes():
        found = tuple(Visit(able[one.idx], one.start_time) for one in route.schedule() if one.is_client())
        # What the solver could not make feasible in its time is not given to anybody.
        if not route.is_feasible():
            continue
        visits[free[route.vehicle_type()].pop(0)] = found
        travel += route.travel_duration()
    done = {visit.job for crew in visits for visit in crew}
    return Days(tuple(visits), tuple(n for n in range(jobs) if n not in done), travel)
