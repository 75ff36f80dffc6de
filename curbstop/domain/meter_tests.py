"""Accuracy tests of meters: computed from volumes, never typed, and held against the utility's limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

FLOWS: Final = ("low", "mid", "high")


@dataclass(frozen=True, slots=True)
class Limits:
    """What passes at a flow, in percent, and how much the flow counts in the average."""

    least: Decimal
    most: Decimal
    weight: int


@dataclass(frozen=True, slots=True)
class Run:
    """One flow of a test: what ran through the standard, and what the meter made of it."""

    flow: str
    reference: Decimal
    registered: Decimal

    @property
    def accuracy(self) -> Decimal:
        """In percent; the reference is above nought."""
        return (self.registered * 100 / self.reference).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test says: the accuracy of each flow and of all, whether it passed, and whether it counts too much."""

    accuracies: Mapping[str, Decimal]
    average: Decimal
    passed: bool
    over_registers: bool
    failed_flows: tuple[str, ...]


def judge(runs: Sequence[Run], limits: Mapping[str, Limits]) -> Verdict:
    """Hold the runs against the limits, which are inclusive. A meter that counts too much is evidence for a credit."""
    accuracies = {run.flow: run.accuracy for run in runs}
    failed = tuple(flow for flow, found in accuracies.items() if not limits[flow].least <= found <= limits[flow].most)
    weights = sum(limits[flow].weight for flow in accuracies)
    weighed = sum((found * limits[flow].weight for flow, found in accuracies.items()), Decimal(0))
    average = (weighed / weights if weights else weighed).quantize(Decimal("0.01"))
    over = any(found > limits[flow].most for flow, found in accuracies.items())
    return Verdict(accuracies, average, not failed, over, failed)


def limits_of(policy: Mapping[str, Any]) -> dict[str, Limits]:
    """The limits out of the policy's section, whose numbers are tenths of a percent."""
    return {
        flow: Limits(
            Decimal(policy[f"{flow}_least_tenths"]) / 10,
            Decimal(policy[f"{flow}_most_tenths"]) / 10,
            int(policy[f"{flow}_weight"]),
        )
        for flow in FLOWS
    }
