"""A technician's tablet that declares photos and sends them by tus."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from curbstop.commands import attachments
from curbstop.models.ids import new_id
from tests.api.office import Client, Office
from tests.town import Town

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 1000
PREFIX = "/sync/v1/uploads"
CHUNK = "application/offset+octet-stream"


class Camera:
    """Tom's tablet, which declares photos and sends them."""

    def __init__(self, office: Office, town: Town) -> None:
        self.office, self.town = office, town
        self.tablet = office.enrolled().tablet_id
        self.client = office.as_("tom", tablet=self.tablet)
        self.order = town.order("GEN", town.place(), to="tom")

    def declare(self, data: bytes = PHOTO, sha256: str | None = None) -> UUID:
        photo_id = new_id()
        with self.town.work("tom", self.tablet) as work:
            attachments.declare(
                work, photo_id, order_id=self.order, access_issue_id=None, label="photo", media_type="image/jpeg",
                sha256=sha256 or hashlib.sha256(data).hexdigest(), size=len(data), noted_at=work.at,
            )  # fmt: skip
        return photo_id

    def create(self, photo_id: UUID, length: int = len(PHOTO), *, by: Client | None = None, **how: Any) -> Any:
        name = base64.b64encode(str(photo_id).encode()).decode()
        headers = {"Upload-Length": str(length), "Upload-Metadata": f"attachment_id {name}", **how.pop("headers", {})}
        return self.ask("POST", "", headers=headers, by=by, **how)

    def patch(self, photo_id: UUID, data: bytes, offset: int, **headers: str) -> Any:
        return self.ask(
            "PATCH", f"/{photo_id}", data=data, content_type=CHUNK, headers={"Upload-Offset": str(offset), **headers}
        )

    def offset(self, photo_id: UUID) -> int:
        response = self.ask("HEAD", f"/{photo_id}")
        assert response.status_code == 200
        return int(response.headers["Upload-Offset"])

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, by: Client | None = None, **how: Any
    ) -> Any:
        sent = {"Tus-Resumable": "1.0.0", **(headers or {})}
        response = (by or self.client).send(method, PREFIX + url, headers=sent, **how)
        assert response.headers["Tus-Resumable"] == "1.0.0"
        return response

    def stored(self, photo_id: UUID) -> bool:
        return bool(self.client.get(f"/sync/v1/attachments/{photo_id}").json["stored"])


def checksum(data: bytes, algorithm: str) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"
