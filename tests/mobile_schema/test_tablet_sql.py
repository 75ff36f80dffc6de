"""The tablet's database can be made from nothing and its migrations are numbered without a gap."""

import sqlite3

from sync import contract


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((contract.folder() / "tablet.sql").glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_tablets_database_is_made_from_nothing() -> None:
    database = sqlite3.connect(":memory:")
    for path in sorted((contract.folder() / "tablet.sql").glob("*.sql")):
        database.executescript(path.read_text(encoding="utf-8"))
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.close()
    downloads = {"staged", "download", "map_pack", "map_piece"}
    assert tables == {"meta", "server_row", "bucket_row", "outbox", "chain", "verdict", "attachment"} | downloads
