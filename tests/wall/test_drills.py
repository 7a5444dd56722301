"""The wall plays one drill at a time, and says why one does not begin."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.wall import drills as module
from rehearsal.wall.drills import Drills


@pytest.fixture
def drills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drills:
    """Plays `rehearsal/__main__.py` of a directory in which a test has put one."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "rehearsal").mkdir()
    return Drills(
        logs=tmp_path,
        scenarios={"endpoint-down": "one"},
        targets=frozenset({"service:cartservice", "host:orders-db-1"}),
    )


def _appears(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)


def _program(tmp_path: Path, text: str) -> None:
    (tmp_path / "rehearsal" / "__main__.py").write_text(text)


def test_a_drill_is_played_on_what_was_chosen(drills: Drills, tmp_path: Path) -> None:
    _program(tmp_path, "import sys; open('said', 'w').write(' '.join(sys.argv[1:]))")

    async def play() -> None:
        await drills.play("endpoint-down", "host:orders-db-1")
        assert drills.playing == "endpoint-down orders-db-1"
        with pytest.raises(UserError, match="is being played"):
            await drills.play("endpoint-down", "")
        await drills.ended()

    asyncio.run(play())
    assert (tmp_path / "said").read_text() == "drill endpoint-down --host orders-db-1"
    assert drills.refusal == ""


def test_why_a_drill_does_not_begin_is_said(drills: Drills, tmp_path: Path) -> None:
    _program(tmp_path, "raise SystemExit('a drill begins in peace, but EndpointDown is firing')")

    async def play() -> None:
        await drills.play("endpoint-down", "")
        await drills.ended()

    asyncio.run(play())
    assert drills.refusal == "a drill begins in peace, but EndpointDown is firing"


def test_a_drill_that_is_ended_is_interrupted_and_waited_for(
    drills: Drills, tmp_path: Path
) -> None:
    _program(
        tmp_path,
        "import pathlib, signal, time\n"
        # As the command does: whoever started the tests may have had it ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    pathlib.Path('began').touch(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    pathlib.Path('mended').touch()\n",
    )

    async def play() -> None:
        await drills.play("endpoint-down", "service:cartservice")
        await asyncio.to_thread(_appears, tmp_path / "began")
        await drills.end()

    asyncio.run(play())
    assert (tmp_path / "mended").exists()
    assert drills.playing is None


@pytest.mark.parametrize(
    ("scenario", "target", "says"),
    [
        ("endpoint-up", "", 'no scenario is called "endpoint-up"'),
        ("endpoint-down", "service:--json=/etc/passwd", "this stack has no"),
        ("endpoint-down", "host:orders-db-9", "this stack has no"),
    ],
)
def test_what_there_is_not_is_not_played(
    drills: Drills, scenario: str, target: str, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        asyncio.run(drills.play(scenario, target))
    assert drills.playing is None
