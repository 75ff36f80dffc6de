"""An answer that breaks off, at whichever byte, is no answer; least of all an empty good one."""

import socket
import threading

import pytest

from curbstop.tablet import Offline, Transport

BODY = b'{"verdicts": [], "server_time": "2026-07-30T14:05:00Z"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ANSWERS = {
    "of known length": HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY),
    "in chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
}


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    client, _ = listener.accept()
    with client:
        while b"\r\n\r\n" not in client.recv(65_536):
            pass
        client.sendall(answer)


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_that_breaks_off_at_any_byte_is_offline(kind: str) -> None:
    """Clause 1.5: a tablet that took half an answer for a whole one would not send its request again."""
    whole = ANSWERS[kind]
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for length in range(len(whole)):
            server = threading.Thread(target=_answer_once, args=[listener, whole[:length]])
            server.start()
            network = Transport(url)
            try:
                if network.send("GET", "/").json() is not None:
                    taken.append(length)
            except Offline:
                pass
            finally:
                network.close()
                server.join()
    # What is lost of a chunked answer's last chunk is only its end mark.
    assert all(whole[length:] in b"\r\n0\r\n\r\n" for length in taken), taken
