"""The tablet's store: a transaction is whole or has not been, whatever ends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from curbstop.tablet import Store, outbox


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "tablet.db")
    yield store
    store.close()


def _break_off(store: Store) -> None:
    with store.transaction():
        outbox.append(store, "order.travel", "service_order/x", {}, None)
        raise ValueError("half way")


def test_what_breaks_off_in_the_middle_leaves_neither_rows_nor_an_open_transaction(
    store: Store, tmp_path: Path
) -> None:
    """Clause 4.2: left open, the next work would join what failed, and be undone with it."""
    with pytest.raises(ValueError, match="half way"):
        _break_off(store)
    assert outbox.unanswered(store) == 0
    outbox.append(store, "order.arrive", "service_order/x", {}, None)
    another = Store(tmp_path / "tablet.db")
    assert outbox.unanswered(another) == 1, "durable: whoever opens the file anew sees it"
    another.close()


def test_an_inner_transaction_joins_the_outer_one(store: Store) -> None:
    with store.transaction():
        with pytest.raises(ValueError, match="half way"):
            _break_off(store)
        assert outbox.unanswered(store) == 1
    assert outbox.unanswered(store) == 1
