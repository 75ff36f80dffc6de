"""Draws docs/data-model.md from the tables: an entity-relationship diagram for each area, in Mermaid."""

import inspect
from collections.abc import Iterable
from textwrap import fill
from typing import Any, Final

from sqlalchemy import Column, Table

from curbstop.models import Base

# Every table stands in one area; a test holds that none is left out.
AREAS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Customers and places": (
        "Who takes water, and where. An account joins a customer to a service point; earlier accounts stay.",
        (
            "customer",
            "account",
            "service_point",
            "state_change",
            "lock",
            "removal_timer",
            "connection_event",
            "asset_note",
        ),
    ),
    "Meters and readings": (
        "A meter has registers (dials) and an endpoint (the radio). An installation says where it was, from when to "
        "when; a reading belongs to a register and is never altered, only superseded.",
        ("meter", "register", "endpoint", "installation", "reading", "ami_event"),
    ),
    "Inventory and change-outs": (
        "What meters there are and where each is in its life, the exchanges that were made, what other systems still "
        "have to hear of them, and what the field found otherwise than the books have it.",
        (
            "meter_model",
            "radio",
            "inventory_move",
            "change_out",
            "change_out_project",
            "project_place",
            "meter_test",
            "export_mark",
            "export_run",
            "export_sent",
            "discrepancy",
        ),
    ),
    "Service orders": (
        "What the office wants done. The type is data, and an order keeps the version that it was made with. Every "
        "event is a row of the history. Photos are declared first and arrive later.",
        (
            "order_type",
            "service_order",
            "order_history",
            "attachment",
            "upload",
            "thumbnail",
            "access_issue",
            "access_notice",
            "access_step",
            "fee",
            "supervisor_task",
            "tamper_case",
        ),
    ),
    "Policy and money": (
        "What the ordinance says, in versions, and what stands against an account: what billing says it owes, what was "
        "paid, what was said to its customer, and why its water stays on.",
        ("policy_version", "closure", "standing", "payment", "payments_mark", "hold", "contact_attempt"),
    ),
    "Taps": (
        "Who wants a tap where, what is known of it so far, its history, the locate tickets of orders that dig, and "
        "what a GIS editor is asked to draw.",
        ("tap_request", "tap_history", "locate_ticket", "feature_request"),
    ),
    "Developments": (
        "A builder's land with its lots, each at a service point of its own, first the builder's, then the owner's.",
        ("development", "lot"),
    ),
    "Temporary services": ("Meters that are out at hydrants and building sites for a while.", ("temp_service",)),
    "Cut-offs": (
        "The list of who is to be cut off, its notices, what the gates answered for each and who overrode one, and "
        "when nothing is cut off.",
        (
            "cut_off_run",
            "cut_off_line",
            "cut_off_notice",
            "gate_check",
            "gate_override",
            "moratorium",
            "weather_day",
        ),
    ),
    "Schedules": (
        "Orders that come again and again, and what each period brought.",
        ("schedule", "schedule_run"),
    ),
    "Letters": (
        "A letter is drafted from fields, frozen when it is approved, mailed in a batch, and may come back. Templates "
        "have versions. A notice goes to whoever lives there and to whoever owns the place.",
        ("letter", "letter_template", "letter_batch", "property_owner"),
    ),
    "Routes": (
        "A cycle's routes are walked stop by stop. Routes have versions, a session is one walk of one version, and "
        "what happened at a stop is a visit.",
        ("cycle", "route", "route_version", "stop", "route_session", "stop_visit", "route_change_request"),
    ),
    "People and tablets": (
        "Staff with their roles, the sessions that they are signed in with, and the tablets in their hands.",
        (
            "staff",
            "shift",
            "absence",
            "refresh_token",
            "layer_key",
            "tablet",
            "enrolment_code",
            "tablet_person",
            "tablet_boot",
            "tablet_incident",
            "wrong_try",
        ),
    ),
    "Sync": (
        "What a tablet sends is an op with one verdict for ever; what cannot be applied is a conflict. What a tablet "
        "receives are changes of the buckets that it holds, in the order of their commits. Old changes are forgotten "
        "up to a horizon; a first sync begins with a snapshot.",
        ("op_ledger", "conflict", "change_log", "bucket_row", "change_horizon", "snapshot", "sync_history"),
    ),
    "Map": (
        "What addresses are placed on, what technicians look for, and the squares that tablets carry as packs.",
        ("street", "hydrant", "utility_asset", "map_square"),
    ),
    "Search": ("Words and the rows that they lead to, kept by the commands.", ("search_word", "search_posting")),
    "The house's own": (
        "Who wrote what; jobs that leave in the transaction that asked for them; answers kept for retries; numbers "
        "for people; files that were read in.",
        ("audit", "outbox", "job_done", "idempotency_key", "number_sequence", "import_batch"),
    ),
}
_TYPES: Final = {"UUID": "uuid", "str": "text", "datetime": "moment", "dict": "json", "list": "json"}


def data_model() -> str:
    """docs/data-model.md."""
    parts = [
        "# The data model",
        "Generated by `python -m curbstop.cli.pages` from `curbstop/models/`; do not edit.",
        fill(
            "Ids are UUIDs of version 7, made where the row is made. Moments are in UTC with a zone. A row that "
            "people edit has a `version`, which is its ETag and what a tablet compares. Geometry is in EPSG:4326. PK: "
            "primary key; FK: leads to another table; UK: unique.",
            118,
        ),
    ]
    about = {mapper.class_.__tablename__: _about(mapper.class_) for mapper in Base.registry.mappers}
    for area, (words, names) in AREAS.items():
        tables = [Base.metadata.tables[name] for name in names]
        lines = [f"- **{table.name}**: {about[table.name]}" for table in tables]
        parts += [f"## {area}", fill(words, 118), f"```mermaid\n{_diagram(tables)}\n```", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _about(model: type[Any]) -> str:
    """The first paragraph of the table's docstring, on one line."""
    return " ".join(inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].split())


def _diagram(tables: Iterable[Table]) -> str:
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"    {table.name} {{", *(f"        {_column(column)}" for column in _key_first(table)), "    }"]
    for table in tables:
        for column in table.columns:
            for key in column.foreign_keys:
                one = "|o" if column.nullable else "||"
                many = "o|" if column.unique else "o{"
                lines.append(f"    {key.column.table.name} {one}--{many} {table.name} : {column.name}")
    return "\n".join(lines)


def _key_first(table: Table) -> list["Column[Any]"]:
    return sorted(table.columns, key=lambda column: not column.primary_key)


def _column(column: "Column[Any]") -> str:
    keys = [
        name
        for name, holds in (
            ("PK", column.primary_key),
            ("FK", bool(column.foreign_keys)),
            ("UK", bool(column.unique)),
        )
        if holds
    ]
    return " ".join([_type(column), column.name, ", ".join(keys)]).rstrip()


def _type(column: "Column[Any]") -> str:
    kind = column.type
    name = type(kind).__name__
    if name in {"JSON", "Geometry"}:
        return "json" if name == "JSON" else str(getattr(kind, "geometry_type", "geometry")).lower()
    return _TYPES.get(kind.python_type.__name__, kind.python_type.__name__.lower())
