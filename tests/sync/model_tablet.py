"""A tablet reduced to what the protocol promises: an outbox, a copy of its buckets, and no mistakes of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from curbstop.domain.row_checks import row_check
from curbstop.models.ids import new_id
from sync import pull, push
from sync.digest import Sum
from tests.town import Place, Town


def cut_off(place: Place) -> dict[str, Any]:
    """What a technician brings back from a cut-off at the place."""
    return {"outcome": "DONE", "captures": {"serial_seen": place.serial, "read": "1010", "valve_state": "off"}}


def verdicts(answers: list[dict[str, Any]]) -> list[str]:
    """The bare verdicts of a push."""
    return [answer["verdict"] for answer in answers]


@dataclass
class ModelTablet:
    """Talks to sync/ directly, without HTTP."""

    town: Town
    who: str
    tablet_id: UUID = field(init=False)
    cursor: str | None = None
    buckets: dict[str, dict[tuple[str, str], dict[str, Any]]] = field(default_factory=dict)
    sent: int = 0
    last_of: dict[str, str] = field(default_factory=dict)
    told: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tablet_id = self.town.tablet(self.who)

    def op(self, kind: str, aggregate: str, args: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        """An op of this tablet, chained to its last one on the same aggregate."""
        self.sent += 1
        op_id = str(new_id())
        made = {
            "op_id": op_id,
            "n": self.sent,
            "kind": kind,
            "kind_version": 1,
            "aggregate": aggregate,
            "follows": self.last_of.get(aggregate),
            "base_version": None,
            "noted_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "args": args or {},
            **members,
        }
        self.last_of[aggregate] = op_id
        return made

    def order_op(self, kind: str, order_id: UUID, args: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        return self.op(kind, f"service_order/{order_id}", args, **members)

    def push(self, *ops: dict[str, Any]) -> list[dict[str, Any]]:
        return push.take(self.town.sessions, self.town.actor(self.who, self.tablet_id), self.town.settings, list(ops))

    def pull(self, meanwhile: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
        """Pulls and applies; returns the lines, none when nothing changed.

        `meanwhile` happens after the orders were marked as pulled and before the snapshot.
        """
        from curbstop.commands import leases

        with self.town.work(self.who, self.tablet_id) as work:
            leases.mark_pulled(work)
        actor = self.town.actor(self.who, self.tablet_id)
        meanwhile()
        with self.town.sessions.read() as session:
            lines = list(pull.pull(session, actor, self.town.settings, self.cursor, 1) or [])
        for line in lines:
            self._apply(line)
        return lines

    def _apply(self, line: dict[str, Any]) -> None:
        if "checkpoint" in line:
            for bucket in line["checkpoint"]["removed_buckets"]:
                self.buckets.pop(bucket, None)
        if "data" in line:
            data = line["data"]
            bucket = {} if data["reset"] else self.buckets.get(data["bucket"], {})
            for row in data["rows"]:
                key = (row["entity_type"], row["id"])
                if row["gone"]:
                    bucket.pop(key, None)
                else:
                    bucket[key] = row
            self.buckets[data["bucket"]] = bucket
        if "checkpoint" in line:
            self.told = {one["id"]: (one["count"], one["digest"]) for one in line["checkpoint"]["buckets"]}
        if "checkpoint_complete" in line:
            self._prove()
            self.cursor = line["checkpoint_complete"]["cursor"]

    def _prove(self) -> None:
        """Clause 8.3, I14: after every pull the tablet's own sums are what the checkpoint told."""
        for bucket, told in self.told.items():
            held = self.buckets.get(bucket, {}).items()
            mine = Sum().plus(row_check(kind, row_id, row["version"]) for (kind, row_id), row in held)
            assert (mine.count, mine.digest) == told, f"{bucket} is not what the checkpoint says"

    def rows(self, entity_type: str) -> dict[str, dict[str, Any]]:
        """Everything of a type that the tablet holds, by id."""
        found: dict[str, dict[str, Any]] = {}
        for bucket in self.buckets.values():
            found |= {row_id: row["body"] for (kind, row_id), row in bucket.items() if kind == entity_type}
        return found
