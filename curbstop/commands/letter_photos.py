"""The photos that go into a letter: taken from where photos are kept, and made as small as paper needs them."""

from collections.abc import Sequence

from curbstop.blobs import blobs_of, pictures
from curbstop.settings import Settings


def prints(settings: Settings, hashes: Sequence[str]) -> list[bytes]:
    """A JPEG of each; what is no picture, or has not arrived yet, is left out rather than keep the letter back."""
    store = blobs_of(settings)
    found = (pictures.make_print(store.read(one)) for one in hashes if store.size(one) is not None)
    return [one for one in found if one is not None]
