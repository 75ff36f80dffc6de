"""The processes of an installation are waited for, however long they take to answer for the first time."""

import socket
import threading
from pathlib import Path

from curbstop import settings
from curbstop.cli.stack import Stack

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def test_a_server_that_is_too_busy_to_answer_at_first_is_asked_again(tmp_path: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    silent: list[socket.socket] = []

    def serve() -> None:
        silent.append(listening.accept()[0])
        connection, _ = listening.accept()
        connection.recv(4_096)
        connection.sendall(READY)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        port = str(listening.getsockname()[1])
        Stack(settings.load({"CURBSTOP_DATA_DIR": str(tmp_path), "CURBSTOP_PORT": port})).wait()
    finally:
        thread.join(20)
        listening.close()
        for connection in silent:
            connection.close()
    assert len(silent) == 1
