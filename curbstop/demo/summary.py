"""What a played day or a load test comes to: steps for people, counts for a script."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `ok` is whether it was what should have."""

    title: str
    detail: str
    ok: bool = True


@dataclass(slots=True)
class Summary:
    """All steps and counts; `ok` only when every step was."""

    steps: list[Step] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    @property
    def exit_code(self) -> int:
        return 0 if self.ok else 1

    def to_json(self) -> dict[str, Any]:
        failed = [f"{step.title}: {step.detail}" for step in self.steps if not step.ok]
        return {"ok": self.ok, "steps": len(self.steps), "failed": failed, **self.counts}


Tell = Callable[[Step], None]
