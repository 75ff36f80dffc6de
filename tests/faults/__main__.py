"""`python -m tests.faults`: the whole system under faults for minutes, on both backends, and a summary at the end.

`--seed` replays: the same faults on every lane and the same wishes of every person. Which thread is quicker remains the
machine's choice, so a failure that needs a race may want several tries; `--repeat` gives it them.
"""

import argparse
import json
import random
import sys
from dataclasses import asdict
from pathlib import Path

from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import load
from tests.faults.accounts import Accounts
from tests.faults.run import Plan, Run, faults
from tests.services import databases, programs, servers

SHOWN = 20


def main(arguments: list[str]) -> int:
    """0 when nothing was lost, doubled or skipped, and nobody complained."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long, all runs together")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each run (default %(default)s)")
    parser.add_argument("--tablets", type=int, default=4)
    parser.add_argument("--seed", type=int, help="replays a run; without it, one is drawn and printed")
    parser.add_argument("--backend", choices=("embedded", "services"), help="one of the two only")
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args(arguments)
    backends = [options.backend] if options.backend else ["embedded", "services"]
    if "services" in backends and programs.missing():
        print(f"curbstop: not on services: {'; '.join(programs.missing())}", file=sys.stderr)
        backends.remove("services")
    seconds = options.seconds
    if options.minutes is not None:
        seconds = options.minutes * 60 / max(1, len(backends)) / options.repeat
    folder = servers.new_folder()
    keeper = servers.start_keeper(folder)
    good = True
    try:
        for turn in range(options.repeat):
            for backend in backends:
                seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
                plan = Plan(
                    seed, backend, seconds, options.tablets,
                    stops=max(30, int(seconds)), orders=options.tablets * 3,
                )  # fmt: skip
                good &= _play(plan, folder, turn)
    finally:
        keeper.communicate()
    return 0 if good else 1


def _play(plan: Plan, folder: Path, turn: int) -> bool:
    url = databases.new_database(folder, plan.backend)
    place = folder / f"{plan.backend}-{turn}"
    place.mkdir()
    settings = load(
        {
            "CURBSTOP_DATABASE_URL": url,
            "CURBSTOP_REDIS_URL": servers.redis_url(folder, plan.backend, 1 + turn % 60),
            "CURBSTOP_DATA_DIR": str(place / "data"),
            "CURBSTOP_SECRET_KEY": "a key for the soak that is long enough",
            "CURBSTOP_ACCESS_MINUTES": "1",
        }
    )
    engine = make_engine(url)
    print(f"{plan.backend}: {plan.command}", flush=True)
    run = Run(plan, settings, Sessions(engine), place, lambda text: print(f"  {text}", flush=True))
    try:
        made = run.play()
    finally:
        engine.dispose()
        databases.drop_database(folder, url)
    _tell(plan, run, made)
    return made.balance


def _tell(plan: Plan, run: Run, made: Accounts) -> None:
    summary = {"backend": plan.backend, **made.summary(), "kills": run.kills, "connections_terminated": run.terminated}
    print(json.dumps(summary))
    if made.balance:
        return
    for line in [*made.complaints[:SHOWN], *made.details[:SHOWN], *list(faults(run))[-SHOWN:]]:
        print(f"  {line}")
    print(f"FAILED; replay it with: {plan.command}")
    print(json.dumps(asdict(plan)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
