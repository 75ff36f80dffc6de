"""The record layout engine: files whose fields stand at fixed positions, described by data and not by code.

A layout is a TOML file in `record_layouts/`, checked whole when it is loaded, and drawn on docs/record-layouts.md. What
is written reads back as the same values; what does not fit is a fault of its field, never cut.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from curbstop.files.record_values import DATE_FORMS, Fault, FaultError, RecordField, Value, reader_of, writer_of

LAYOUTS: Final = "record_layouts"
LINE_ENDS: Final = {"lf": "\n", "crlf": "\r\n"}
KNOWN: Final = ("whole", "partly")
_TYPES: Final = ("text", "integer", "decimal", "date", "code")
_TOP: Final = {"name", "title", "source", "known", "length", "line_end", "encoding", "transliterate", "fields"}


class LayoutError(ValueError):
    """The layout's data is wrong; the message says where."""


class RecordError(ValueError):
    """A record that cannot be written or read; `faults` has one for each field that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.field}: {fault.detail}" for fault in faults))


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """One kind of record. `known` is "partly" where positions are missing that only the vendor can tell."""

    name: str
    title: str
    source: str
    known: str
    length: int
    line_end: str
    encoding: str
    fields: tuple[RecordField, ...]

    @property
    def headings(self) -> list[str]:
        """The first line of the same record as CSV."""
        return [field.heading for field in self.fields]

    def writer(self, names: Iterable[str]) -> Callable[[Mapping[str, Value]], str]:
        """What makes a record, `length` characters without its line end, out of values for just these fields.

        Every other field has its default. Raises RecordError. Made once for many records: what never changes is set
        beforehand.
        """
        given = self._given(names)
        parts: list[str | tuple[str, Callable[[Value], str]]] = []
        for field in self.fields:
            if field.name in given:
                parts.append((field.name, writer_of(field)))
                continue
            constant = writer_of(field)(None)
            if parts and isinstance(parts[-1], str):
                parts[-1] += constant
            else:
                parts.append(constant)
        return lambda values: "".join(_each(parts, values))

    def cells(self, names: Iterable[str]) -> Callable[[Mapping[str, Value]], list[str]]:
        """What makes the same record as the cells of a CSV file, without their padding. Raises RecordError."""
        given = self._given(names)
        bare = [replace(field, padded=False) for field in self.fields]
        parts = [(field.name, writer_of(field)) if field.name in given else writer_of(field)(None) for field in bare]
        return lambda values: _each(parts, values)

    def read(self, line: str) -> dict[str, Value]:
        """The values of a record without its line end, None where a field is empty. Raises RecordError."""
        if len(line) != self.length:
            what = f"is {len(line)} characters long, not {self.length}."
            raise RecordError([Fault("record", "wrong_length", f"The record {what}")])
        values: dict[str, Value] = {}
        faults: list[Fault] = []
        for field in self.fields:
            try:
                values[field.name] = reader_of(field)(line[field.start - 1 : field.start - 1 + field.length])
            except FaultError as error:
                faults.append(error.fault)
        if faults:
            raise RecordError(faults)
        return values

    def _given(self, names: Iterable[str]) -> set[str]:
        given = set(names)
        unknown = given - {field.name for field in self.fields}
        assert not unknown, f"{self.name} has no fields {sorted(unknown)}"
        needed = {field.name for field in self.fields if field.required and not field.default}
        assert needed <= given, f"{self.name} needs {sorted(needed - given)}"
        return given


def _each(parts: Sequence[str | tuple[str, Callable[[Value], str]]], values: Mapping[str, Value]) -> list[str]:
    written: list[str] = []
    faults: list[Fault] = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        name, write = part
        try:
            written.append(write(values[name]))
        except FaultError as error:
            faults.append(error.fault)
    if faults:
        raise RecordError(faults)
    return written


@cache
def shipped(name: str) -> RecordLayout:
    """A layout that comes with the product."""
    return load(resources.files("curbstop.files").joinpath(LAYOUTS, f"{name}.toml").read_text("utf-8"))


def all_shipped() -> list[RecordLayout]:
    """Every layout that comes with the product, by name."""
    folder = resources.files("curbstop.files").joinpath(LAYOUTS)
    return [shipped(path.name.removesuffix(".toml")) for path in sorted(folder.iterdir(), key=lambda one: one.name)]


def load(text: str) -> RecordLayout:
    """A layout out of its TOML. Raises LayoutError, which names the field that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(f"That is no TOML: {error}.") from None
    name = str(data.get("name", "the layout"))
    wrong = data.keys() - _TOP
    if wrong:
        raise LayoutError(f"{name}: no layout has {', '.join(sorted(wrong))}; it has {', '.join(sorted(_TOP))}.")
    try:
        layout = RecordLayout(
            name=data["name"],
            title=data["title"],
            source=data["source"],
            known=_one_of(data.get("known", "whole"), KNOWN, name, "known"),
            length=data["length"],
            line_end=LINE_ENDS[_one_of(data.get("line_end", "lf"), LINE_ENDS, name, "line_end")],
            encoding=data.get("encoding", "ascii"),
            fields=tuple(_field(name, data, row) for row in data["fields"]),
        )
    except KeyError as error:
        raise LayoutError(f"{name}: {error.args[0]} is missing.") from None
    _check_places(layout)
    return layout


def _field(layout: str, data: Mapping[str, Any], row: Mapping[str, Any]) -> RecordField:
    where = f"{layout}, {row.get('name', 'a field without a name')}"
    try:
        field = RecordField(
            **{"heading": row["name"], **row},
            encoding=data.get("encoding", "ascii"),
            transliterate=data.get("transliterate", False),
        )
    except TypeError as error:
        raise LayoutError(f"{where}: {str(error).split('__init__() ')[-1]}.") from None
    _one_of(field.type, _TYPES, where, "type")
    _one_of(field.justify, ("left", "right"), where, "justify")
    if len(field.pad) != 1 or field.length < 1 or field.start < 1:
        raise LayoutError(f"{where}: pad is one character, start and length count from one.")
    if field.type == "date":
        _one_of(field.date_form, DATE_FORMS, where, "date_form")
    if field.type == "code" and not field.codes:
        raise LayoutError(f"{where}: a code needs its list, codes = {{ ours = 'theirs' }}.")
    if len(set(field.codes.values())) < len(field.codes):
        raise LayoutError(f"{where}: two codes are written alike, and could not be told apart when read.")
    if field.pad != " " and not (
        field.justify == "right" and field.type in ("integer", "decimal") and field.pad == "0"
    ):
        raise LayoutError(f"{where}: only a number that stands to the right may be padded with noughts.")
    if field.default or not field.required:
        try:
            writer_of(field)(None)
        except FaultError as error:
            raise LayoutError(f"{where}: its default does not fit: {error.fault.detail}") from None
    return field


def _one_of(value: Any, allowed: Iterable[str], where: str, what: str) -> Any:
    if value not in allowed:
        raise LayoutError(f"{where}: {what} is one of {', '.join(allowed)}, not {value!r}.")
    return value


def _check_places(layout: RecordLayout) -> None:
    """Every character of the record belongs to just one field; fill is a field too."""
    names = [field.name for field in layout.fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LayoutError(f"{layout.name}: two fields are called {', '.join(twice)}.")
    at = 1
    for field in layout.fields:
        if field.start != at:
            fault = "overlaps the field before it" if field.start < at else f"leaves {field.start - at} before it"
            raise LayoutError(f"{layout.name}, {field.name}: starts at {field.start} and {fault}; {at} is next.")
        at += field.length
    if at - 1 != layout.length:
        raise LayoutError(f"{layout.name}: its fields end at {at - 1}, its length is {layout.length}.")
