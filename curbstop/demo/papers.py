"""What leaves the office on paper or as a file: a letter about a hedge, and the day's change-outs."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curbstop.demo.office import Desk, OfficeError

PATIENCE_S = 60.0
Told = tuple[str, str]


class Papers:
    """Files are written into a folder whose paths are told."""

    def __init__(self, csr: Desk, billing: Desk, folder: Path) -> None:
        self.csr, self.billing, self.folder = csr, billing, folder

    def go_out(self, skipped_point_id: str) -> Iterator[Told]:
        """The letter about what kept the technician from the meter, and the file; each as (title, detail)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        issue = self.csr.every("/access-issues", service_point_id=skipped_point_id)[0]
        if issue["state"] == "reported":
            issue = self.csr.act(f"/access-issues/{issue['id']}/triage", issue["version"], decision="open")
        yield f"{self.csr.person.name} writes about the hedge", f"{self._letter(issue)}"
        yield f"{self.billing.person.name} sends the change-outs", self._change_outs()

    def _letter(self, issue: dict[str, Any]) -> str:
        if issue["state"] == "open":
            self.csr.act(f"/access-issues/{issue['id']}/letters", issue["version"])
        letters = self.csr.every("/letters", subject_id=issue["id"])
        if not letters:
            letters = self.csr.every("/letters", service_point_id=issue["service_point_id"])
        drafts = [letter["id"] for letter in letters if letter["state"] == "draft"]
        if drafts:
            self.csr.create("/letters/approvals", letter_ids=drafts)
        letter = letters[0]
        return str(self._written(f"{letter['number']}.pdf", self._when_set(f"/letters/{letter['id']}/pdf")))

    def _when_set(self, path: str) -> bytes:
        """The bytes, once the workers have made them."""
        until = time.monotonic() + PATIENCE_S
        while (content := self.csr.file(path)) is None:
            if time.monotonic() > until:
                raise OfficeError("the office waits for a letter", "the workers have not set it")
            time.sleep(0.2)
        return content

    def _change_outs(self) -> str:
        try:
            run = self.billing.create("/exports/change-outs")
        except OfficeError as error:
            if error.code != "nothing_to_export":
                raise
            return "nothing new: each change-out goes out once"
        content = self.billing.file(f"/exports/{run['id']}/file")
        return str(self._written("change-outs.csv", content or b""))

    def _written(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path
