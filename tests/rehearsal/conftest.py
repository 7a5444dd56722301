"""Addresses, tools and a supervisor for tests that run real programs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.machine import platform
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import Tool
from rehearsal.machine.vacant import refuse_occupied
from tests.rehearsal.fake_rehearsal import fake, lines, play, running

# Fixtures of several modules, which pytest finds here.
__all__ = ["fake", "lines", "play", "running"]

# Apart from the rehearsal's own addresses: it may be up while tests run.
HOST = "127.60.0.1"


@pytest.fixture(scope="session")
def tools() -> Mapping[Tool, Path]:
    try:
        return rehearsal_tools.provide()
    except UserError as fault:
        pytest.skip(str(fault))


@pytest.fixture(scope="session")
def standing(tools: Mapping[Tool, Path]) -> Iterator[Path]:
    """The state directory of a healthy `dev`, up for all the tests that only look or mend."""
    assert tools
    refuse_occupied()
    platform.up("dev", lambda _line: None)
    yield platform.STATE
    platform.down()


@pytest.fixture
def free() -> Iterator[Callable[[], Address]]:
    """A function that finds a free address each time, and none twice while the test lasts."""
    with free_addresses() as find:
        yield find


@contextmanager
def free_addresses() -> Generator[Callable[[], Address], None, None]:
    """The same for whatever lasts longer than a test."""
    with ExitStack() as held:

        def find() -> Address:
            probe = held.enter_context(socket.socket())
            probe.bind((HOST, 0))
            # Said before the bind, it would let the kernel give the port to others who say the
            # same. Now only a server that asks for this very port is given it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return Address(HOST, probe.getsockname()[1])

        yield find


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "state")
    made.begin("test", "as it was")
    yield made
    made.stop_all()
