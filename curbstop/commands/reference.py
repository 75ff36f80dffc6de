"""Keeps the catalogue of order types in the database: loaded from the shipped one, versioned when it changes."""

from sqlalchemy import select

from curbstop.commands import journal, scope
from curbstop.commands.work import Work
from curbstop.domain.order_types import load_catalogue as shipped
from curbstop.domain.permissions import Action, require
from curbstop.models.ids import new_id
from curbstop.models.order_type import OrderTypeRow


def load_catalogue(work: Work) -> int:
    """Makes a row of each shipped order type that is new or differs; returns how many. The same again changes nothing.

    An earlier version stays for the orders that were made with it, also on the tablets that may still hold one.
    """
    require(work.actor, Action.MANAGE_POLICIES)
    current = {row.code: row for row in work.session.scalars(select(OrderTypeRow).where(OrderTypeRow.current))}
    made: list[OrderTypeRow] = []
    for code, order_type in shipped().items():
        definition = order_type.to_json()
        before = current.get(code)
        if before is not None and before.definition == definition:
            continue
        if before is not None:
            before.current = False
        made.append(
            OrderTypeRow(
                id=new_id(),
                code=code,
                version=before.version + 1 if before else 1,
                current=True,
                definition=definition,
                created_at=work.at,
            )
        )
    if not made:
        return 0
    work.session.flush()
    work.session.add_all(made)
    work.session.flush()
    journal.audit_many(
        work, "load", "order_type", [(row.id, None, {"code": row.code, "version": row.version}) for row in made]
    )
    scope.enter(work, scope.REFERENCE, [("order_type", row.id, row.version) for row in made])
    return len(made)
