"""`python -m tests.services install` installs what it may; `keeper FOLDER` outlives the tests and stops the servers."""

import sys
from pathlib import Path

from tests.services import servers
from tests.services.install import install_missing


def main(arguments: list[str]) -> int:
    match arguments:
        case ["install"]:
            for reason in install_missing():
                print(f"curbstop: {reason}", file=sys.stderr)
            return 0
        case ["keeper", folder]:
            sys.stdin.read()
            servers.stop_all(Path(folder))
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
