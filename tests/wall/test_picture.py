"""Pictures need a browser, and say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.wall.picture import Size, address, picture


def test_without_a_browser_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no Chromium is on PATH.*Debian package chromium"):
        picture("x", tmp_path / "x.png", shown=None, theme="dark", size=Size(), whole=False)


def test_an_address_asks_for_what_is_wanted() -> None:
    found = address("gallery-hosts", theme="light", **{"from": "now-15m"})
    assert found == "http://127.20.0.13:23000/d/gallery-hosts?theme=light&from=now-15m"
