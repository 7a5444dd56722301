"""A terminal is drawn on; a log, a file and whoever wants no colours get plain lines."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from rehearsal.machine.tools import ROOT

_CODE = """
import sys, time
from rehearsal.machine.screen import Screen, Waiting

screen = Screen(sys.stdout)
with screen.live():
    screen.does("renders")
    screen.waits(Waiting(what="waits for a page", since=time.time() - 61, at_most=181))
    time.sleep(0.4)
    screen.say("+   1.5 s  EndpointDown fires [now]")
    screen.does("prober is ready")
"""
_LOG = re.compile(
    r"  0\.\d s  renders\n"
    r"\+   1\.5 s  EndpointDown fires \[now\]\n"
    r"  \d\.\d s  prober is ready\n"
)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _plain(text: str) -> list[str]:
    """What a person can read of it, without what was drawn again and again."""
    return _ESCAPE.sub("", text).replace("\r", "\n").split("\n")


def _on_a_terminal(**settings: str) -> str:
    ours, theirs = pty.openpty()
    usual = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS"}}
    with subprocess.Popen(
        [sys.executable, "-c", _CODE],
        cwd=ROOT,
        env={**usual, "TERM": "xterm-256color", **settings},
        stdout=theirs,
    ) as process:
        os.close(theirs)
        shown = bytearray()
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            # The other side of a terminal is closed with an error, not with an end.
            pass
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def test_a_terminal_shows_how_far_it_is_and_what_is_waited_for() -> None:
    shown = _on_a_terminal()
    assert _ESCAPE.search(shown)
    lines = _plain(shown)
    assert any("1 min 01 s of at most 3 min 01 s  waits for a page" in line for line in lines)
    assert any(re.fullmatch(r" +0\.\d s  renders", line) for line in lines)
    assert "+   1.5 s  EndpointDown fires [now]" in lines
    assert any(re.fullmatch(r" +\d\.\d s  prober is ready", line) for line in lines)


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["asked", "dumb"])
def test_a_terminal_that_wants_no_colours_gets_what_a_log_gets(settings: dict[str, str]) -> None:
    shown = _on_a_terminal(**settings)
    assert "\x1b" not in shown
    assert _LOG.fullmatch(shown.replace("\r\n", "\n"))


def test_a_log_gets_each_line_as_it_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert _LOG.fullmatch(done.stdout)
