"""How far back the change log reaches, bucket by bucket."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.models.change_log import ChangeHorizon


def forgotten(session: Session, buckets: Collection[str], since: int) -> frozenset[str]:
    """Those of the buckets that had changes after `since` which are not known any more: they are sent whole."""
    if not buckets:
        return frozenset()
    behind = select(ChangeHorizon.bucket).where(ChangeHorizon.bucket.in_(buckets), ChangeHorizon.seq > since)
    return frozenset(session.scalars(behind))
