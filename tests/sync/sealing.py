"""A model tablet that seals: it has a key pair, and says in each op who holds it."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from curbstop.models import Tablet, TabletPerson
from tests.sync.model_tablet import ModelTablet


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def seal(key: Ed25519PrivateKey, op: dict[str, Any]) -> dict[str, Any]:
    """The op as it travels; the spelling of the JSON is the tablet's own."""
    content = json.dumps(op, ensure_ascii=False, indent=1)
    return {"content": content, "signature": base64url(key.sign(content.encode()))}


@dataclass
class SealingTablet(ModelTablet):
    """`push` seals bare ops as `holder`, who is signed in unless `as_` says another."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        super().__post_init__()
        public = base64url(self.key.public_key().public_bytes_raw())
        with self.town.sessions.write() as session:
            session.execute(update(Tablet).where(Tablet.id == self.tablet_id).values(public_key=public))
        self.lend(self.who)

    def lend(self, name: str) -> None:
        """Somebody else signs in on it, for the first time."""
        self.town.add(TabletPerson(tablet_id=self.tablet_id, staff_id=self.town.staff[name]))
        self.who = name

    def op(self, kind: str, aggregate: str, args: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        members = {"by": str(self.town.staff[self.who]), **members}
        return super().op(kind, aggregate, args, **members)

    def seal(self, op: dict[str, Any]) -> dict[str, Any]:
        return seal(self.key, op)

    def push_sealed(self, *ops: dict[str, Any]) -> list[dict[str, Any]]:
        return self.push(*map(self.seal, ops))

    def staff(self, name: str) -> UUID:
        return self.town.staff[name]
