"""An application served at an address of its own, beside others in one process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn import Config, Server

from rehearsal.machine.addresses import Address


class _Server(Server):
    """One of several in a process: signals are not its own, and it says when it listens."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@dataclass
class HttpServer:
    """Serves an application between open and close, with TLS where there is a certificate.

    `certificate` is the files of a certificate and of its key.
    """

    address: Address
    application: ASGIApp
    certificate: tuple[Path, Path] | None = None
    _server: _Server | None = field(default=None, init=False)
    _serving: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        bound = socket.create_server((self.address.host, self.address.port))
        certificate, key = self.certificate or (None, None)
        self._server = _Server(
            Config(
                self.application,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                # What is broken is met by the next request, which no open connection may pass by.
                headers=[("Connection", "close")],
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        serving = asyncio.create_task(self._server.serve(sockets=[bound]))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        await self._server.listens.wait()

    async def close(self) -> None:
        """Stop to listen; a request that is being answered still gets its answer."""
        if self._server is not None:
            for listening in self._server.servers:
                listening.close()
            self._server.should_exit = True
            self._server = None
