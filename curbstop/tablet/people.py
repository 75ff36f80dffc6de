"""Several people on one tablet, one after the other: each finds their own rows, outbox and answers, and no others'.

The tables hold what belongs to whoever is signed in. When somebody else signs in, all of it is put away under the
name of the one before, in one transaction, and theirs is taken out again. So no query of the app, however careless,
can show or send another's work.
"""

import sqlite3
from typing import Any

from curbstop.tablet.store import Store

AWAY = "away_"
# Facts of the tablet, whoever holds it. All others are a person's.
_THE_TABLETS = frozenset(
    {
        "base_url",
        "install_id",
        "last_n",
        "private_key",
        "round_trip_ms",
        "server_clock",
        "tablet_id",
        "tablet_key",
        "tablet_name",
    }
)
# Ended, not put away: whoever comes back signs in.
_SESSION = frozenset({"access_token", "refresh_token", "staff", "viewing_until"})


def change_hands(store: Store, staff: dict[str, Any]) -> None:
    """From here on the tablet is this person's; what the one before had is put away."""
    before = store.fact("staff")
    if before is not None and before["id"] == staff["id"]:
        return
    with store.transaction() as db:
        if before is not None:
            for table in _tables(db):
                _put_away(db, table, before["id"])
            facts = {name: store.fact(name) for name in _personal_facts(store)}
            store.remember(**dict.fromkeys(facts))
            store.remember(
                **{AWAY + before["id"]: {name: value for name, value in facts.items() if name not in _SESSION}}
            )
        for table in _tables(db):
            _take_out(db, table, staff["id"])
        store.remember(**(store.fact(AWAY + staff["id"]) or {}))
        store.remember(**{AWAY + staff["id"]: None})


def _personal_facts(store: Store) -> list[str]:
    names = [row["name"] for row in store.query("SELECT name FROM meta")]
    return [name for name in names if name not in _THE_TABLETS and not name.startswith(AWAY)]


def everybodys_outbox(store: Store, columns: str) -> list[dict[str, Any]]:
    """Of every unanswered op on the tablet, whoever noted it, in the order of n: for beacons and rescues only."""
    with store.transaction() as db:
        sql = f"SELECT {columns} FROM outbox"  # noqa: S608 - own schema
        if f"{AWAY}outbox" in _names(db):
            sql += f" UNION ALL SELECT {columns} FROM {AWAY}outbox"  # noqa: S608 - own schema
        return [dict(row) for row in db.execute(f"{sql} ORDER BY n")]


def everybodys_photos(store: Store) -> list[str]:
    """The ids of all photos that the server lacks, whoever took them: for rescues only."""
    with store.transaction() as db:
        sql = " UNION ALL ".join(
            f"SELECT attachment_id FROM {table} WHERE bytes IS NOT NULL AND stored = 0"  # noqa: S608 - own schema
            for table in _photo_tables(db)
        )
        return [row["attachment_id"] for row in db.execute(f"{sql} ORDER BY attachment_id")]


def everybodys_photo(store: Store, attachment_id: str) -> bytes:
    """The bytes of one of them."""
    with store.transaction() as db:
        sql = " UNION ALL ".join(
            f"SELECT bytes FROM {table} WHERE attachment_id = :id"  # noqa: S608 - own schema
            for table in _photo_tables(db)
        )
        content: bytes = db.execute(sql, {"id": attachment_id}).fetchone()["bytes"]
        return content


def _photo_tables(db: sqlite3.Connection) -> list[str]:
    return [name for name in ("attachment", f"{AWAY}attachment") if name in _names(db)]


def _names(db: sqlite3.Connection) -> list[str]:
    return [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _tables(db: sqlite3.Connection) -> list[str]:
    """All that hold what belongs to a person: every table but the facts."""
    return [name for name in _names(db) if name != "meta" and not name.startswith((AWAY, "sqlite_"))]


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]


def _put_away(db: sqlite3.Connection, table: str, staff_id: str) -> None:
    columns = _columns(db, table)
    away = _columns(db, AWAY + table)
    if not away:
        db.execute(f"CREATE TABLE {AWAY}{table} AS SELECT '' AS staff_id, * FROM {table} WHERE 0")  # noqa: S608
    for column in columns if away else ():
        if column not in away:
            db.execute(f"ALTER TABLE {AWAY}{table} ADD COLUMN {column}")
    names = ", ".join(columns)
    db.execute(
        f"INSERT INTO {AWAY}{table} (staff_id, {names}) SELECT ?, {names} FROM {table}",  # noqa: S608 - own schema
        (staff_id,),
    )
    db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the database's own schema


def _take_out(db: sqlite3.Connection, table: str, staff_id: str) -> None:
    # A column that a later version added may be missing from what was put away; it gets its default.
    columns = [name for name in _columns(db, table) if name in _columns(db, AWAY + table)]
    if not columns:
        return
    names = ", ".join(columns)
    db.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {AWAY}{table} WHERE staff_id = ?",  # noqa: S608 - own schema
        (staff_id,),
    )
    db.execute(f"DELETE FROM {AWAY}{table} WHERE staff_id = ?", (staff_id,))  # noqa: S608 - own schema
