"""`python -m curbstop.typesetting.child`: sets letters that come on standard input, until there are none.

One line of JSON for each, photos behind it; the answer is one line, and the PDF behind it. A letter that takes more
processor time than it may ends this process: Typst can be stopped in no other way.
"""

import contextlib
import json
import resource
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

import typst

from curbstop.typesetting import LETTERHEAD

MOST_MEMORY = 2 * 1024**3


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Sets letter after letter. Its folder goes with it."""
    # What stops the program of a whole terminal leaves the letter at hand to whoever asked for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for limit, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CORE, 0)):
        # Not every system knows them, or lets them be set.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    begin = json.loads(source.readline())
    root = Path(begin["folder"])
    (root / LETTERHEAD).write_text(begin["letterhead"], encoding="utf-8")
    # The machine's own fonts would make a letter look different elsewhere.
    compiler = typst.Compiler(
        root=root, ignore_system_fonts=True, package_path=root / "none", package_cache_path=root / "none"
    )
    while head := source.readline():
        wanted = json.loads(head)
        photos = {root / name: source.read(size) for name, size in wanted["photos"].items()}
        answer, pdf = _set(compiler, wanted, photos)
        target.write(json.dumps(answer).encode() + b"\n" + pdf)
        target.flush()
    shutil.rmtree(root, ignore_errors=True)


def _set(compiler: typst.Compiler, wanted: dict[str, Any], photos: dict[Path, bytes]) -> tuple[dict[str, Any], bytes]:
    signal.setitimer(signal.ITIMER_PROF, wanted["limit_s"])
    try:
        for file, photo in photos.items():
            file.write_bytes(photo)
        pdf = compiler.compile(
            input=wanted["source"].encode(), format="pdf", sys_inputs=wanted["inputs"], timestamp=wanted["at"]
        )
        assert isinstance(pdf, bytes)
    except typst.TypstError as error:
        return {"message": error.message, "diagnostic": error.diagnostic}, b""
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        # No letter finds another's photos.
        for file in photos:
            file.unlink(missing_ok=True)
    return {"pdf": len(pdf)}, pdf


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
