"""Tests do not begin where what they need is taken: they fail, and say by whom."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.vacant import refuse_occupied


def test_where_nothing_is_up_and_all_is_free_tests_may_begin(
    free: Callable[[], Address], tmp_path: Path
) -> None:
    refuse_occupied(tmp_path, [free()])


def test_a_rehearsal_of_this_checkout_is_to_be_stopped_first(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    address = free()
    command = (sys.executable, "-m", "http.server", "-b", address.host, str(address.port))
    supervisor.launch(
        [
            Child(
                name="one",
                command=command,
                directory=str(tmp_path),
                listens=(address,),
                ready=f"tcp://{address}",
            )
        ]
    )
    with pytest.raises(UserError, match="a rehearsal is up, and tests need its"):
        refuse_occupied(supervisor.directory, [])


def test_an_address_that_another_checkout_or_an_orphan_holds_is_named_with_its_holder(
    free: Callable[[], Address], tmp_path: Path
) -> None:
    fine, taken = free(), free()
    with socket.create_server((taken.host, taken.port)), pytest.raises(UserError) as fault:
        refuse_occupied(tmp_path, [fine, taken])
    assert f"{taken} is taken by {os.getpid()}" in str(fault.value)
    assert str(fine) not in str(fault.value)
