"""`python -m tests.mutants [NAME...]`: every mechanism off in turn, and what noticed. 1 when one of them survives.

Each mutant is a fresh copy of the checkout, so that nothing in the product is there for the sake of this. Its tests are
run on an unharmed copy first: a test that fails by itself would notice everything.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.house import source
from tests.mutants.mechanisms import MUTANTS, Mutant

FAILED, PASSED = 1, 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mechanisms, by name or a part of it; all of them otherwise")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if not options.names or any(name in one.mechanism for name in options.names)]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.mechanism}: {mutant.says}")
        return 0
    wanted = list(dict.fromkeys(test for mutant in chosen for test in mutant.tests))
    with tempfile.TemporaryDirectory(prefix="curbstop-mutants-") as folder:
        code, said = _run(copied(Path(folder) / "unharmed"), wanted)
        if code != PASSED:
            print(f"the tests fail without any mutant, so they prove nothing:\n{said}", file=sys.stderr)
            return 1
        caught = [_try(Path(folder), mutant) for mutant in chosen]
    return 0 if all(caught) else 1


def copied(folder: Path) -> Path:
    """The checkout's own files in a folder."""
    for path in source.committed_files():
        there = folder / path.relative_to(source.ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
    return folder


def _try(folder: Path, mutant: Mutant) -> bool:
    """One line of the table. Every named test has to fail by itself."""
    root = copied(folder / mutant.mechanism.replace(" ", "-"))
    for patch in mutant.patches:
        patch.apply(root)
    good = True
    for test in mutant.tests:
        code, said = _run(root, [test])
        if code == FAILED:
            word = "caught by"
        else:
            word, good = ("SURVIVED" if code == PASSED else "BROKEN"), False
        print(f"{mutant.mechanism:34} {word:10} {test}", flush=True)
        if code not in (PASSED, FAILED):
            print(said)
    shutil.rmtree(root)
    return good


def _run(root: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code in the copy: 0 all passed, 1 some failed, anything else says that they did not run."""
    environ = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=line", *tests]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr)[-3000:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
