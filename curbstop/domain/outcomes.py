"""The small code tables of the field: outcomes, skip codes and the categories of access issues."""

import tomllib
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar


class CatalogueError(ValueError):
    """The shipped or stored catalogue is wrong; the message names the entry."""


class OutcomeCategory(StrEnum):
    DONE = "done"
    NO_ACCESS = "no_access"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AccessCategory:
    """What keeps a technician from the meter; `utility_owned` is ours to mend and never causes a letter."""

    code: str
    label: str
    remedy: str
    utility_owned: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a visit ended; `completes` tells complete from return, `access_category` opens an access issue."""

    code: str
    label: str
    category: OutcomeCategory
    completes: bool = False
    access_category: str | None = None


@dataclass(frozen=True, slots=True)
class SkipCode:
    """Why a stop of a reading route was not read."""

    code: str
    label: str
    access_category: str | None = None


_Row = TypeVar("_Row", AccessCategory, Outcome, SkipCode)


@dataclass(frozen=True, slots=True)
class CodeTables:
    """All three tables, by code, as they are shipped to tablets."""

    outcomes: dict[str, Outcome]
    skip_codes: dict[str, SkipCode]
    access_categories: dict[str, AccessCategory]

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "outcomes": [asdict(row) for row in self.outcomes.values()],
            "skip_codes": [asdict(row) for row in self.skip_codes.values()],
            "access_categories": [asdict(row) for row in self.access_categories.values()],
        }


def read_toml(name: str) -> dict[str, Any]:
    """A shipped catalogue file, parsed."""
    return tomllib.loads(files("curbstop.domain").joinpath("catalogue", name).read_text(encoding="utf-8"))


@cache
def load_code_tables() -> CodeTables:
    """The shipped tables; raises CatalogueError naming the entry that is wrong."""
    return parse_code_tables(read_toml("outcomes.toml"))


def parse_code_tables(data: dict[str, Any]) -> CodeTables:
    """The tables from parsed TOML, checked: known members, known categories, no access issue without one."""
    categories = {code: _entry(AccessCategory, code, row) for code, row in data["access_categories"].items()}
    outcomes = {code: _entry(Outcome, code, row) for code, row in data["outcomes"].items()}
    skips = {code: _entry(SkipCode, code, row) for code, row in data["skip_codes"].items()}
    rows: list[Outcome | SkipCode] = [*outcomes.values(), *skips.values()]
    for row in rows:
        if row.access_category is not None and row.access_category not in categories:
            raise CatalogueError(f"{row.code}: unknown access category {row.access_category!r}")
    for outcome in outcomes.values():
        if outcome.completes and outcome.category is not OutcomeCategory.DONE:
            raise CatalogueError(f"{outcome.code}: only an outcome of category done completes an order")
    return CodeTables(outcomes, skips, categories)


def _entry(kind: type[_Row], code: str, row: dict[str, Any]) -> _Row:
    if "category" in row:
        try:
            row = {**row, "category": OutcomeCategory(row["category"])}
        except ValueError as error:
            raise CatalogueError(f"{code}: unknown category {row['category']!r}") from error
    try:
        return kind(code=code, **row)
    except TypeError as error:
        raise CatalogueError(f"{code}: {error}") from error
