"""Keeps the search index: which words each customer, account, service point, meter and service order has.

Commands call `refresh` after a write (or `index`, when they have the texts at hand), in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    URL,
    BigInteger,
    Engine,
    Executable,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from curbstop.commands.work import Work
from curbstop.domain.search_words import words_of
from curbstop.models.account import Account, Customer
from curbstop.models.base import Versioned
from curbstop.models.meter import Meter
from curbstop.models.plans import by_index
from curbstop.models.search import SearchPosting, SearchWord
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

T = TypeVar("T")

MODELS: dict[str, type[Versioned]] = {
    "customer": Customer,
    "account": Account,
    "service_point": ServicePoint,
    "meter": Meter,
    "service_order": ServiceOrder,
}

# The bare tables: thousands of rows at a time are nothing for the ORM.
_WORD = cast(Table, SearchWord.__table__)
_POSTING = cast(Table, SearchPosting.__table__)

# Above this, "frequent" is all that the search needs to know; hot rows are then written no more.
FREQUENT = 5000
_ROWS = 5000
_KEYS = 900

_word_writers: dict[URL, Engine] = {}


def index(work: Work, entity_type: str, rows: Sequence[tuple[UUID, str]]) -> None:
    """Makes each row (id, text) found by the words of its text, and by no others. An empty text removes the row."""
    for start in range(0, len(rows), _ROWS):
        with by_index(work.session):
            _index_part(work.session, entity_type, dict(rows[start : start + _ROWS]))


def refresh(work: Work, entity_type: str, entity_ids: Iterable[UUID]) -> None:
    """Indexes the rows by what they say now; they are flushed already.

    `entity_type` is one of MODELS. The accounts of a customer and of a
    service point follow by themselves, because they are found by both.
    """
    ids = list(entity_ids)
    for part in _parts(ids):
        with by_index(work.session):
            texts = [(row[0], " ".join(row[1:])) for row in work.session.execute(_text(entity_type, part))]
        index(work, entity_type, texts)
    if entity_type in {"customer", "service_point"}:
        owner = Account.customer_id if entity_type == "customer" else Account.service_point_id
        for part in _parts(ids):
            with by_index(work.session):
                accounts = list(work.session.scalars(select(Account.id).where(owner.in_(part))))
            refresh(work, "account", accounts)


def _text(entity_type: str, ids: list[UUID]) -> Executable:
    match entity_type:
        case "customer":
            return select(Customer.id, Customer.number, Customer.name).where(Customer.id.in_(ids))
        case "account":
            query = select(Account.id, Account.number, Customer.name, ServicePoint.address)
            query = query.join(Customer, Account.customer_id == Customer.id)
            query = query.join(ServicePoint, Account.service_point_id == ServicePoint.id)
            return query.where(Account.id.in_(ids))
        case "service_point":
            city = func.coalesce(ServicePoint.city, "")
            return select(ServicePoint.id, ServicePoint.number, ServicePoint.address, city).where(
                ServicePoint.id.in_(ids)
            )
        case "meter":
            return select(Meter.id, Meter.serial).where(Meter.id.in_(ids))
        case "service_order":
            return select(ServiceOrder.id, ServiceOrder.number).where(ServiceOrder.id.in_(ids))
    raise AssertionError(f"{entity_type} is not searched for")


def _index_part(session: Session, entity_type: str, texts: dict[UUID, str]) -> None:
    wanted = {entity_id: words_of(text) for entity_id, text in texts.items()}
    had = _postings(session, entity_type, list(texts))
    ids = _word_ids(session, Counter(word for words in wanted.values() for word in words))
    new = {(ids[word], entity_id) for entity_id, words in wanted.items() for word in words}
    _remove(session, entity_type, had - new)
    # In key order: neighbors in the tree are written together, and two writers meet in the same order.
    _add(session, entity_type, sorted(new - had))


def _postings(session: Session, entity_type: str, entity_ids: list[UUID]) -> set[tuple[int, UUID]]:
    found: set[tuple[int, UUID]] = set()
    for part in _parts(entity_ids):
        # The type is compared here: without statistics PostgreSQL takes thirty times as long when it is asked to.
        query = select(SearchPosting.word_id, SearchPosting.entity_id, SearchPosting.entity_type)
        rows = session.execute(query.where(SearchPosting.entity_id.in_(part)))
        found.update((word_id, entity_id) for word_id, entity_id, kind in rows if kind == entity_type)
    return found


def _word_ids(session: Session, counts: Counter[str]) -> dict[str, int]:
    """The ids of the words, which are made where they are missing; their frequencies are raised."""
    known = _known_words(session, list(counts))
    written = sorted(word for word in counts if word not in known or known[word][1] < FREQUENT)
    if written:
        _write_words(session, [(word, counts[word]) for word in written])
        known |= _known_words(session, [word for word in written if word not in known])
    return {word: word_id for word, (word_id, _) in known.items()}


def _known_words(session: Session, words: list[str]) -> dict[str, tuple[int, int]]:
    known = {}
    for part in _parts(words):
        query = select(SearchWord.word, SearchWord.id, SearchWord.frequency).where(SearchWord.word.in_(part))
        known.update({word: (word_id, frequency) for word, word_id, frequency in session.execute(query)})
    return known


def _write_words(session: Session, words: list[tuple[str, int]]) -> None:
    if session.get_bind().dialect.name == "sqlite":
        upsert = _raise_frequency(sqlite.insert(_WORD))
        session.connection().execute(upsert, [{"word": word, "frequency": count} for word, count in words])
        return
    # On a connection of their own and committed at once: a long import would otherwise hold up everybody who writes
    # one of its new words. A word that nothing has after all does no harm.
    rows = select(
        func.unnest(bindparam("words", type_=ARRAY(String))).label("word"),
        func.unnest(bindparam("counts", type_=ARRAY(Integer))).label("frequency"),
    ).order_by("word")
    upsert_all = _raise_frequency(postgresql.insert(_WORD).from_select(["word", "frequency"], rows))
    with _word_writer(session.get_bind().engine).connect() as connection:
        connection.execute(upsert_all, {"words": [w for w, _ in words], "counts": [count for _, count in words]})


def _raise_frequency(statement: Any) -> Any:
    return statement.on_conflict_do_update(
        index_elements=["word"],
        set_={"frequency": SearchWord.frequency + statement.excluded.frequency},
        where=SearchWord.frequency < FREQUENT,
    )


def _word_writer(engine: Engine) -> Engine:
    """A small pool apart: whoever holds one of its connections waits for no other, so that it cannot run dry."""
    if engine.url not in _word_writers:
        made = create_engine(engine.url, poolclass=QueuePool, pool_size=2, isolation_level="AUTOCOMMIT")
        if _word_writers.setdefault(engine.url, made) is made:
            event.listen(Engine, "engine_disposed", lambda gone: made.dispose() if _is_other(gone, made) else None)
    return _word_writers[engine.url]


def _is_other(gone: Engine, made: Engine) -> bool:
    return gone is not made and gone.url == made.url


def _remove(session: Session, entity_type: str, keys: set[tuple[int, UUID]]) -> None:
    if keys:
        gone = delete(_POSTING).where(
            SearchPosting.word_id == bindparam("w"),
            SearchPosting.entity_type == entity_type,
            SearchPosting.entity_id == bindparam("e"),
        )
        session.connection().execute(gone, [{"w": word_id, "e": entity_id} for word_id, entity_id in sorted(keys)])


def _add(session: Session, entity_type: str, keys: list[tuple[int, UUID]]) -> None:
    if not keys:
        return
    if session.get_bind().dialect.name == "sqlite":
        insert = sqlite.insert(_POSTING).on_conflict_do_nothing()
        rows = [{"word_id": w, "entity_type": entity_type, "entity_id": e} for w, e in keys]
        session.connection().execute(insert, rows)
        return
    arrays = select(
        func.unnest(bindparam("w", type_=ARRAY(BigInteger))),
        bindparam("t", entity_type, String),
        func.unnest(bindparam("e", type_=ARRAY(Uuid))),
    )
    columns = ["word_id", "entity_type", "entity_id"]
    insert_all = postgresql.insert(_POSTING).from_select(columns, arrays).on_conflict_do_nothing()
    session.connection().execute(insert_all, {"w": [w for w, _ in keys], "e": [e for _, e in keys]})


def _parts(values: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(values), _KEYS):
        yield values[start : start + _KEYS]
