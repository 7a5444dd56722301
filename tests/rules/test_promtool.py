"""The results of promtool are read alike, whichever version prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.render.proof import Document
from tests.rules.promtool import Proof, quick_verdicts, results

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


def _asks(expr: str, *minutes: int) -> Document:
    """A document that asks for nothing to come of an expression, each time after so long."""
    tests: list[Document] = [
        {
            "interval": "1m",
            "input_series": [{"series": "up", "values": f"1x{until}"}],
            "promql_expr_test": [{"expr": expr, "eval_time": f"{until}m", "exp_samples": []}],
        }
        for until in minutes
    ]
    return {"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": tests}


@pytest.mark.parametrize(
    ("fails_at", "cases"), [(9, 3), (2, 2), (1, 1)], ids=["never", "in the end", "at once"]
)
def test_what_should_fail_is_run_until_it_does_the_shortest_case_first(
    fails_at: int, cases: int, promtool: Path, tmp_path: Path
) -> None:
    fails = f"up and on () vector(time()) > {fails_at * 60 - 60}"
    proof = Proof(rules={"groups": []}, tests=(_asks(fails, 4, 1), _asks(fails, 2)))
    [verdict] = quick_verdicts(promtool, tmp_path, {"one": proof}).values()
    assert verdict.proven is (fails_at == 9)
    assert len(list(tmp_path.rglob("test-*.json"))) == cases
