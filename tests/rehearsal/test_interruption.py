"""Whatever interrupts a command that has a rehearsal up, nothing of it stays behind."""

from __future__ import annotations

import signal
import sys

import pytest

from rehearsal.machine.tools import ROOT
from tests.children import running

_STAND_INS = """
import sys, time
from rehearsal import drill, readme
from rehearsal.machine import platform
from rehearsal.bench import __main__ as bench

def up(*_):
    print("up", flush=True)
    return {}

def play(*_):
    print("breaks", flush=True)
    time.sleep(60)

platform.up = up
platform.down = lambda *_: print("down", flush=True)
drill.play_endpoint = play

def start():
    up()
    return []

bench._PARTS = (start, bench.time_to_page)
bench._memory = lambda: 0.0
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["readme", "bench"])
def test_an_interrupted_command_stops_the_rehearsal_and_says_so(
    command: str, number: signal.Signals
) -> None:
    started = [sys.executable, "-c", f"{_STAND_INS}\nsys.exit({command}.main())"]
    with running(started, cwd=ROOT) as process:
        assert process.stdout
        assert any(line == "breaks\n" for line in process.stdout)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert rest == "down\n"
    assert errors.endswith(": interrupted\n")
    assert "Traceback" not in errors
