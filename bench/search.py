"""Search over HTTP: what a customer service representative types, in a small and in a large utility."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median

import requests

from bench import city
from bench.figures import Figure, figure
from bench.place import Place, api, database, signed_in
from curbstop.domain.permissions import Role

NAMES = ("main.search_p95_10k", "main.search_p95_100k")
BAR = 1.5
QUERIES = 520
WARM = 52
TRIES = 3


def measure(place: Place) -> Iterator[Figure]:
    """The 95th percentile at both sizes; the large one against the small one.

    Both servers are asked in turn, so that whatever else the machine does meets both alike.
    """
    sizes = (place.amount(10_000, 2_000), place.amount(100_000, 20_000))
    with ExitStack() as stack:
        askers = [_asker(stack, place, points) for points in sizes]
        took: list[list[float]] = [[], []]
        for number in range(QUERIES + WARM):
            times = [[ask(number) for ask in askers] for _ in range(TRIES)]
            for size in range(len(sizes)):
                took[size].append(median(one[size] for one in times))
    small, large = (sorted(times[WARM:])[int(QUERIES * 0.95)] * 1000 for times in took)
    yield figure(NAMES[0], place, small, unit="ms", better="lower")
    yield figure(NAMES[1], place, large, unit="ms", better="lower", bar=BAR, baseline=small)


def _asker(stack: ExitStack, place: Place, points: int) -> Callable[[int], float]:
    """Asks the server of a utility of this size its query of this number; how long it took, in seconds."""
    base = stack.enter_context(database(place))
    queries = list(typed(city.build(base, points), QUERIES + WARM))
    url = stack.enter_context(api(base))
    client = stack.enter_context(signed_in(base, url, Role.CSR))
    return lambda number: _ask(client, url, queries[number])


def _ask(client: requests.Session, url: str, query: str) -> float:
    began = time.perf_counter()
    answer = client.get(f"{url}/search", params={"q": query}, timeout=60)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took


def typed(houses: list[city.Household], count: int) -> Iterator[str]:
    """Searches of every kind in turn, for households drawn at random."""
    chance = random.Random(11)
    for number in range(count):
        house = chance.choice(houses)
        first, last = house.name.split()
        street = house.address.split()[1]
        at = chance.randrange(len(house.serial) - 1)
        kinds = (
            house.address,
            f"{house.address.split()[0]} {street[:4]}",
            f"{street} {house.address.split()[0]}",
            house.name,
            f"{last} {street}",
            f"{last}, {first[:2]}",
            house.serial,
            house.serial[:at] + house.serial[at + 1] + house.serial[at] + house.serial[at + 2 :],
            f"SO-2026-{house.number:06d}",
            f"a-{house.number:06d}",
            f"{first} {last[:-2]}{last[-1]}",
            street[:5],
            last,
        )
        yield kinds[number % len(kinds)]
