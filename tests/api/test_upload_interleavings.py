"""However a photo's chunks come, go and come again, what is stored is the photo: I21 as a property."""

import hashlib
import itertools
from dataclasses import dataclass

from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from curbstop.blobs import blobs_of
from curbstop.settings import Settings
from tests.api.camera import CHUNK, Camera, checksum
from tests.api.office import Office
from tests.town import Town

SIZE = 4_000
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A PATCH: how far from the upload's end it says that it begins, its length, its bytes and its checksum."""

    beside: int
    length: int
    is_damaged: bool
    sum_of: str


STEPS = st.lists(
    st.builds(
        Chunk,
        beside=st.sampled_from([0, 0, 0, 0, -500, 500, -SIZE]),
        length=st.integers(0, 2_500),
        is_damaged=st.sampled_from([False, False, False, True]),
        sum_of=st.sampled_from(["", "photo", "another", "sent"]),
    )
    | st.sampled_from(["create", "create with bytes", "look", "give up", "set up anew"]),
    max_size=12,
)


class Story:
    """A photo on its way, and what the server must have of it: `here`, or None while there is no upload."""

    def __init__(self, office: Office, town: Town) -> None:
        self.camera = Camera(office, town)
        # No two alike: content that is here already is not sent again.
        self.photo = next(_numbers).to_bytes(8) + b"\xff\xd8" * (SIZE // 2 - 4)
        self.id = self.camera.declare(self.photo)
        self.here: bytes | None = None

    @property
    def is_stored(self) -> bool:
        return self.here == self.photo

    def take(self, step: Chunk | str) -> None:
        steps = {
            "create": self.create,
            "create with bytes": lambda: self.create(self.photo[:700]),
            "look": self.look,
            "give up": self.give_up,
            "set up anew": self.set_up_anew,
        }
        if isinstance(step, Chunk):
            self.send(step)
        else:
            steps[step]()

    def create(self, sent: bytes = b"") -> None:
        answer = self.camera.create(self.id, SIZE, data=sent, content_type=CHUNK)
        self.here = self.here or sent
        assert (answer.status_code, int(answer.headers["Upload-Offset"])) == (201, len(self.here))

    def look(self) -> None:
        answer = self.camera.ask("HEAD", f"/{self.id}")
        assert answer.status_code == (404 if self.here is None else 200)
        if self.here is not None:
            assert int(answer.headers["Upload-Offset"]) == len(self.here)

    def give_up(self) -> None:
        assert self.camera.ask("DELETE", f"/{self.id}").status_code == (409 if self.is_stored else 204)
        self.here = self.here if self.is_stored else None

    def set_up_anew(self) -> None:
        """The same person goes on with another tablet."""
        office = self.camera.office
        self.camera.client = office.as_("tom", tablet=office.enrolled(f"Truck {next(_numbers)}").tablet_id)

    def send(self, chunk: Chunk) -> None:
        at = min(max(len(self.here or b"") + chunk.beside, 0), SIZE)
        right = self.photo[at : at + chunk.length]
        sent = bytes(255 - byte for byte in right) if chunk.is_damaged else right
        summed = {"photo": right, "another": sent + b"x", "sent": sent}.get(chunk.sum_of)
        headers = {} if summed is None else {"Upload-Checksum": checksum(summed, "sha1")}
        status = self.camera.patch(self.id, sent, at, **headers).status_code
        assert status == self._expected(at, sent, summed)

    def _expected(self, at: int, sent: bytes, summed: bytes | None) -> int:
        """What the server has to answer, which `here` then follows."""
        if self.here is None:
            return 404
        if at != len(self.here):
            return 409
        if self.is_stored:
            return 204
        if summed is not None and summed != sent:
            return 460
        self.here += sent
        if len(self.here) < SIZE or self.is_stored:
            return 204
        # All is here, and it is not the photo that was declared.
        self.here = b""
        return 422

    def finish(self) -> None:
        """What a tablet does that wants its photo there: twice, since damage shows only in the whole."""
        for _ in range(2):
            self.create()
            assert self.here is not None
            if not self.is_stored:
                self.send(Chunk(0, SIZE, is_damaged=False, sum_of="photo"))


def content(settings: Settings, photo: bytes) -> bytes | None:
    """What the store has under the photo's hash."""
    blobs, sha256 = blobs_of(settings), hashlib.sha256(photo).hexdigest()
    return None if blobs.size(sha256) is None else b"".join(blobs.read(sha256))


@given(steps=STEPS)
@with_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_stored_is_the_photo_whatever_came_before(
    office: Office, town: Town, settings: Settings, steps: list[Chunk | str]
) -> None:
    """Clauses 6.5 to 6.10, I21: chunks at wrong places, damaged, with wrong sums, given up, from a tablet made anew."""
    story = Story(office, town)
    for step in steps:
        story.take(step)
        assert story.camera.stored(story.id) == story.is_stored
        assert content(settings, story.photo) == (story.photo if story.is_stored else None)
    story.finish()
    assert story.camera.stored(story.id)
    assert content(settings, story.photo) == story.photo
