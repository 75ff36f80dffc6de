"""`python -m tests.house.migrations`: migrates a fresh embedded database and holds it against the models."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.house.source import ROOT


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "CURBSTOP_DATABASE_URL": f"sqlite:///{Path(folder) / 'check.db'}",
            "CURBSTOP_DATA_DIR": folder,
        }
        for words in (["upgrade", "head"], ["check"]):
            done = subprocess.run([sys.executable, "-m", "alembic", *words], cwd=ROOT, env=environment, check=False)
            if done.returncode != 0:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
