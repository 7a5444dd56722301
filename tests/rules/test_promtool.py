"""The results of promtool are read alike, whichever version prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.promtool import results

_FILES = [Path("a/test-0.json"), Path("b/test-0.json"), Path("c/test-0.json")]
_FAILURE = '  FAILED:\n    expr: "vector(1)", time: 1m,\n        exp: nil\n        got: {} 1E+00\n'


def _printed(heading: str) -> str:
    """As it is printed below the name of each file, or below none."""
    said = ("  SUCCESS\n", _FAILURE + "\n", "  SUCCESS\n")
    names = (heading.format(file=file) for file in _FILES)
    return "\n".join(name + text for name, text in zip(names, said, strict=True)) + "\n"


@pytest.mark.parametrize(
    "heading",
    ["Unit Testing:  {file}\n", "Processing test file: {file}\n", ""],
    ids=["2.42", "3.16", "unnamed"],
)
def test_each_files_result_is_its_own(heading: str) -> None:
    first, second, third = _FILES
    found = results(_printed(heading), _FILES)
    assert found[first] == found[third] == "SUCCESS"
    assert found[second] == _FAILURE.strip()
