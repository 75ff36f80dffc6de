"""Convergence: tablets work offline, lose replies and pull while the office moves work about; in the end all agree.

Equality alone would miss a removed de-duplication, so every op is also sent again at the end: a retry is never told
anything but what it was told first, and each completion that was applied is in the history exactly once.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from curbstop.commands import dispatch, service_orders
from curbstop.domain.problems import Problem
from curbstop.models import BucketRow, OpLedger, OrderHistory
from tests.sync.model_tablet import ModelTablet
from tests.town import Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
WHO = st.sampled_from(["tom", "tess"])
WHICH = st.integers(0, 3)
STEPS = st.sampled_from(["order.travel", "order.arrive", "order.suspend", "order.resume", "order.acknowledge_recall"])


class Days(RuleBasedStateMachine):
    """Two technicians with a tablet each, one office, four orders, and a network that forgets replies."""

    town: Town

    @initialize()
    def begin(self) -> None:
        self.tablets = {who: ModelTablet(self.town, who) for who in ("tom", "tess")}
        self.outbox: dict[str, list[dict[str, Any]]] = {"tom": [], "tess": []}
        self.told: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        shared = self.town.place()
        places = [shared, shared, self.town.place(), self.town.place()]
        # Two orders at one place: one of them leaving must not take the place along.
        self.orders = [
            self.town.order("GEN", place, to="tom", override_duplicate=twin, reason="a second one" if twin else None)
            for place, twin in zip(places, (False, True, False, False), strict=True)
        ]

    # -- the field, without a network

    @rule(who=WHO, which=WHICH, kind=STEPS)
    def report_progress(self, who: str, which: int, kind: str) -> None:
        args = {"reason": "interrupted"} if kind == "order.suspend" else {}
        self._do(who, which, kind, args)

    @rule(who=WHO, which=WHICH)
    def complete(self, who: str, which: int) -> None:
        self._do(who, which, "order.complete", DONE)

    @rule(who=WHO, which=WHICH)
    def find_no_access(self, who: str, which: int) -> None:
        self._do(who, which, "order.return", {"outcome": "NO_ACCESS_DOG"})

    def _do(self, who: str, which: int, kind: str, args: dict[str, Any]) -> None:
        """A technician works on what the tablet holds, nothing else."""
        order = self.orders[which]
        if str(order) in self.tablets[who].rows("service_order"):
            self.outbox[who].append(self.tablets[who].order_op(kind, order, args))

    # -- the network

    @rule(who=WHO, lost=st.booleans(), twice=st.booleans())
    def push(self, who: str, lost: bool, twice: bool) -> None:
        batch = self.outbox[who]
        if not batch:
            return
        answers = self.tablets[who].push(*batch, *(batch if twice else []))
        self.sent += [(who, op) for op in batch]
        for answer in answers:
            first = self.told.setdefault(answer["op_id"], answer)
            assert answer == first or first["verdict"] == "waiting"
        if not lost:
            self.outbox[who] = []

    @rule(who=WHO)
    def pull(self, who: str) -> None:
        self.tablets[who].pull()

    # -- the office

    @rule(which=WHICH, who=WHO)
    def assign(self, which: int, who: str) -> None:
        self._office(lambda: self.town.assign(self.orders[which], who))

    @rule(which=WHICH)
    def recall(self, which: int) -> None:
        def act() -> None:
            with self.town.work("sue") as work:
                dispatch.recall(work, self.orders[which], reason="changed plans")

        self._office(act)

    @rule(which=WHICH, text=st.sampled_from(["ring", "knock", "wait"]))
    def edit(self, which: int, text: str) -> None:
        def act() -> None:
            with self.town.work("dana") as work:
                service_orders.edit(work, self.orders[which], {"instructions": text}, if_version=None)

        self._office(act)

    def _office(self, act: Any) -> None:
        try:
            act()
        except Problem as problem:
            # The state may not allow it, which is an answer; a failure is none.
            if problem.status >= 500:
                raise

    # -- what holds at any time

    @invariant()
    def every_op_has_one_verdict(self) -> None:
        for row in self.town.all(
            select(OpLedger).where(OpLedger.op_id.in_([UUID(op) for op in getattr(self, "told", {})]))
        ):
            assert row.verdict is not None

    def teardown(self) -> None:
        if not hasattr(self, "orders"):
            return
        for who, tablet in self.tablets.items():
            if self.outbox[who]:
                self.push(who=who, lost=False, twice=False)
            tablet.pull()
        for who, tablet in self.tablets.items():
            tablet.pull()
            fresh = ModelTablet(self.town, who)
            fresh.pull()
            tablet.pull()
            assert tablet.buckets == fresh.buckets
            held = self.town.all(select(BucketRow).where(BucketRow.bucket.in_(tablet.buckets)))
            assert {(r.bucket, r.entity_type, str(r.entity_id), r.row_version) for r in held} == {
                (bucket, *key, row["version"])
                for bucket, rows in tablet.buckets.items()
                for key, row in rows.items()
                if key[0] != "code"
            }
        for who, op in self.sent:
            [again] = self.tablets[who].push(op)
            assert again == self.told[op["op_id"]]
        applied = Counter(
            op["op_id"] for _, op in {op["op_id"]: ("", op) for _, op in self.sent}.values()
            if op["kind"] == "order.complete" and self.told[op["op_id"]]["verdict"] == "applied"
        )  # fmt: skip
        history = Counter(
            str(op_id)
            for op_id in self.town.all(
                select(OrderHistory.op_id).where(
                    OrderHistory.order_id.in_(self.orders), OrderHistory.event == "complete"
                )
            )
        )
        assert history == applied


def test_tablets_and_office_converge_and_no_retry_is_told_otherwise(town: Town) -> None:
    """Clauses 1.5, 3.4, 4.3, 4.5; I2, I3."""

    class Played(Days):
        pass

    Played.town = town
    run_state_machine_as_test(
        Played,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
