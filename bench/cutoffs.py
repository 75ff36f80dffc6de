"""Building a cut-off run over a utility's accounts, and telling a CSR why one of them was or was not cut off."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import insert, select

from bench.figures import Figure, figure
from bench.place import Database, Place, api, database, signed_in
from curbstop.commands import cut_off_runs, policies, reference
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.domain.cut_offs import Cause
from curbstop.domain.permissions import Role
from curbstop.models.account import Account, Customer
from curbstop.models.base import utc_now
from curbstop.models.cut_off_run import CutOffLine
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.models.standing import Hold, Payment, Standing

NAMES = ("office.cut_off_run", "office.explain_p95")
# Seconds for a list over all accounts, and milliseconds for an answer.
BUILD_BAR, EXPLAIN_BAR = 10.0, 50.0
ACCOUNTS = 100_000
# One in five owes enough for the list, one in six something below the minimum; of those who owe, some are held.
ASKED, WARM = 300, 20
SLICE = 5_000


def measure(place: Place) -> Iterator[Figure]:
    """Seconds to build the list, its gates asked and their answers kept; then the 95th percentile of explanations.

    The baseline of the first is a list over a tenth of the accounts: the cost grows with who owes.
    """
    took = []
    for accounts in (place.amount(ACCOUNTS // 10, 500), place.amount(ACCOUNTS, 5_000)):
        with ExitStack() as stack:
            base = stack.enter_context(database(place))
            load(base, accounts)
            start = time.perf_counter()
            with base.work() as work:
                cut_on = work.at.date() + timedelta(days=14)
                run = cut_off_runs.build(work, NewRun(cause=Cause.NONPAYMENT, cut_on=cut_on))
            took.append(time.perf_counter() - start)
            if len(took) == 2:
                few, many = took
                yield figure(
                    NAMES[0], place, many, unit="s", better="lower", bar=BUILD_BAR, baseline=few, of_value=True
                )
                yield figure(NAMES[1], place, _explain(stack, base, run.id), unit="ms", better="lower", bar=EXPLAIN_BAR)


def _explain(stack: ExitStack, base: Database, run_id: UUID) -> float:
    with base.work() as work:
        lines = list(work.session.scalars(select(CutOffLine.id).where(CutOffLine.run_id == run_id).limit(20_000)))
    chance = random.Random(7)
    url = stack.enter_context(api(base))
    client = stack.enter_context(signed_in(base, url, Role.CSR))
    times = [_ask(client, f"{url}/cutoffs/{run_id}/lines/{chance.choice(lines)}/explain") for _ in range(ASKED)]
    return sorted(times[WARM:])[int((ASKED - WARM) * 0.95)] * 1000


def _ask(client: requests.Session, url: str) -> float:
    start = time.perf_counter()
    client.get(url, timeout=30).raise_for_status()
    return time.perf_counter() - start


def load(base: Database, accounts: int) -> None:
    """A utility of so many accounts, each with what billing says of it."""
    chance = random.Random(11)
    with base.work() as work:
        reference.load_catalogue(work)
        policies.start(work, "generic", reason="Bench.")
    for start in range(0, accounts, SLICE):
        rows = [_account(chance, number) for number in range(start, min(start + SLICE, accounts))]
        with base.work() as work:
            for model in (ServicePoint, Customer, Account, Standing, Payment, Hold):
                those = [row[model] for row in rows if model in row]
                if those:
                    work.session.execute(insert(model), those)
    base.settle()


def _account(chance: random.Random, number: int) -> dict[type[Any], dict[str, Any]]:
    now, lot = utc_now(), chance.random()
    point, customer, account = new_id(), new_id(), new_id()
    cents = chance.randrange(5_000, 60_000) if lot < 0.2 else chance.randrange(1, 5_000) if lot < 0.35 else 0
    rows: dict[type[Any], dict[str, Any]] = {
        ServicePoint: {"id": point, "number": f"SP-{number:06d}", "address": f"{number} Main St", "hazards": []},
        Customer: {"id": customer, "number": f"CU-{number:06d}", "name": f"Pat Customer {number}"},
        Account: {
            "id": account, "number": f"AC-{number:06d}", "customer_id": customer, "service_point_id": point,
        },
        Standing: {
            "account_id": account, "past_due_cents": cents, "periods_past_due": 1 if cents else 0,
            "delinquent_since": (now - timedelta(days=40)).date() if cents else None, "debt_class": "residential",
            "owed_by_former_occupant": False, "as_of": now - timedelta(hours=1), "recorded_at": now,
        },
    }  # fmt: skip
    if cents and chance.random() < 0.1:
        rows[Payment] = {
            "id": new_id(), "account_id": account, "source_key": f"P-{number}",
            "cents": chance.randrange(100, cents + 1_000), "received_at": now, "recorded_at": now,
        }  # fmt: skip
    if cents and chance.random() < 0.05:
        kind = chance.choice(("dispute", "plan", "medical", "critical"))
        rows[Hold] = {
            "id": new_id(), "account_id": account, "kind": kind, "reason": "Bench.", "starts_on": now.date(),
            "category": "school" if kind == "critical" else None,
            "through": (now + timedelta(days=30)).date() if kind == "medical" else None,
        }  # fmt: skip
    return rows
