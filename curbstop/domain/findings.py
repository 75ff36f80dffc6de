"""What a check found: one shape for captures, readings, change-outs and imports."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """REJECT: cannot stand as it is. WARN: stands, and a person looks at it before posting."""

    REJECT = "reject"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found; `capture` is the capture's name, or None where it concerns the whole."""

    code: str
    capture: str | None
    severity: Severity
    detail: str

    def to_json(self) -> dict[str, str | None]:
        return asdict(self)


def reject(code: str, capture: str | None, detail: str) -> Finding:
    return Finding(code, capture, Severity.REJECT, detail)


def warn(code: str, capture: str | None, detail: str) -> Finding:
    return Finding(code, capture, Severity.WARN, detail)
