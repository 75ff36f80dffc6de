"""Every request of docs/letters.md is sent, in its order, and answered as the page says."""

import json
import re
from pathlib import Path
from typing import Any

from redis import Redis

from tests.api.office import Office
from tests.town import Town
from workers.worker import drain

PAGE = Path(__file__).parents[2] / "docs" / "letters.md"
BLOCK = re.compile(r"```http\n(GET|POST|PUT) (\S+)\n(?:If-Match: (\S+)\n)?(.*?)```", re.DOTALL)


def test_the_page_on_letters_does_what_it_says(office: Office, town: Town) -> None:
    place, billing = town.place(), office.as_("bill")
    names = {"service_point": str(place.id), "account": str(place.account_id), "today": town.today.isoformat()}
    requests = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(requests) == PAGE.read_text(encoding="utf-8").count("```http") == 11
    for method, url, version, body in requests:
        headers = {"If-Match": _filled(version, names)} if version else {}
        if method == "POST" and not version:
            headers["Idempotency-Key"] = f"page-{len(names)}-{url}"
        said = json.loads(_filled(body, names)) if body else None
        answer = billing.send(method, _filled(url, names), json=said, headers=headers)
        assert answer.status_code in (200, 201), (url, answer.json)
        _remember(url, answer, names)
        with Redis.from_url(town.settings.redis_url) as connection:
            drain(town.sessions, town.settings, connection)
    assert billing.get(f"/letters/{names['letter']}").json["state"] == "mailed"
    assert billing.get("/letter-templates/door_tag/en").json["version"] == 1


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _remember(url: str, answer: Any, names: dict[str, str]) -> None:
    """The ids and versions that later requests name."""
    if url == "/letters":
        names["letter"] = answer.json["id"]
    if url == "/letter-batches":
        names["batch"] = answer.json["id"]
    if url == "/letter-batches/{batch}":
        names["version"] = str(answer.json["version"])
