"""Whatever becomes of an answer, whoever asked is told in one kind of error."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Thread

import pytest

from offline.errors import UserError
from rehearsal.machine.addresses import Address
from rehearsal.machine.loopback import answered, get
from rehearsal.machine.tools import ROOT


@contextmanager
def _answers(address: Address, answer: bytes) -> Generator[None, None, None]:
    """Somebody who gives this answer, once."""
    with socket.create_server((address.host, address.port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        server.settimeout(20)
        serving = Thread(target=serve)
        serving.start()
        yield
        serving.join()


def test_what_is_here_is_asked_without_a_proxy(free: Callable[[], Address]) -> None:
    address = free()
    code = f"from rehearsal.machine.loopback import get; print(get({address.url('/')!r}))"
    with _answers(address, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "http_proxy": free().url()},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "b'here'\n", done.stderr


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "does not answer"),
        (b"HTTP/1.1 503 Not yet\r\nContent-Length: 4\r\n\r\nwait", "refuses: HTTP 503: wait"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://away.example/\r\nContent-Length: 0\r\n\r\n",
            "refuses: HTTP 302",
        ),
    ],
    ids=["none", "half of one", "an error", "a way elsewhere"],
)
def test_an_answer_that_is_none_is_a_fault_to_tell(
    answer: bytes, words: str, free: Callable[[], Address]
) -> None:
    address = free()
    with _answers(address, answer), pytest.raises(UserError, match=words), answered():
        get(address.url("/"))
