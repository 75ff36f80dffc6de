"""Reads the keys that GIS tools sign in with."""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now
from curbstop.models.layer_key import LayerKey
from curbstop.models.staff import Staff


def whose(connection: Connection, login: str, key: str) -> UUID:
    """Whose login and key these are, or Problem(`not_signed_in`), which says no more than that they are not."""
    wanted = select(LayerKey.staff_id, LayerKey.key_hash, LayerKey.ends_at).join(Staff, Staff.id == LayerKey.staff_id)
    row = connection.execute(wanted.where(Staff.login == login.strip().lower())).one_or_none()
    if row is None or not hmac.compare_digest(row.key_hash, hashlib.sha256(key.encode()).digest()):
        raise Problem("not_signed_in", "That is not your login with your key for layers; make one at /me/layer-key.")
    if row.ends_at <= utc_now():
        raise Problem("not_signed_in", "Your key for layers has run out; make a new one at /me/layer-key.")
    staff_id: UUID = row.staff_id
    return staff_id


def mine(session: Session, actor: Actor) -> tuple[datetime, datetime] | None:
    """Since when and until when the actor's key is good; None when there is none."""
    row = session.execute(
        select(LayerKey.made_at, LayerKey.ends_at).where(LayerKey.staff_id == actor.staff_id)
    ).one_or_none()
    return None if row is None else (row.made_at, row.ends_at)
