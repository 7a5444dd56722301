from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.machine.tools import Tool
from tests.unit.programs import run


def test_a_test_whose_program_cannot_be_had_is_skipped_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="this is not Debian or Ubuntu"):
        run(Tool(names=("no-such-program",), package="no-such-package"))
