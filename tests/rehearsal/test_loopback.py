"""Whatever becomes of an answer, whoever asked is told in one kind of error."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread

import pytest

from offline.errors import UserError
from rehearsal.machine.addresses import Address
from rehearsal.machine.loopback import answered, get


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "does not answer"),
        (b"HTTP/1.1 503 Not yet\r\nContent-Length: 4\r\n\r\nwait", "refuses: HTTP 503: wait"),
    ],
    ids=["none", "half of one", "an error"],
)
def test_an_answer_that_is_none_is_a_fault_to_tell(
    answer: bytes, words: str, free: Callable[[], Address]
) -> None:
    address = free()
    with socket.create_server((address.host, address.port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        serving = Thread(target=serve)
        serving.start()
        with pytest.raises(UserError, match=words), answered():
            get(address.url("/"))
        serving.join()
