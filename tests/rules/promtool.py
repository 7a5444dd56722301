"""Runs promtool over many proofs at once and says of each whether it came true."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gallery.metrics.durations import Duration
from gallery.render.proof import Document, ProvenRule, silent_document, test_documents

Name = TypeVar("Name")
# What stands below a test file's name, or alone: which of the three depends on the version.
_RESULT = re.compile(
    r"^  (?P<text>(?:SUCCESS|FAILED:).*?)"
    r"(?=^Unit Testing:|^Processing test file:|^  SUCCESS|^  FAILED:|\Z)",
    re.MULTILINE | re.DOTALL,
)
_AT_ONCE = os.cpu_count() or 1
# Proofs to a process: starting one costs as much as running a short proof.
_BATCH = 10
# There are as many processes as processors, and none lives long: one processor to each, and
# memory is gathered up seldom. A quarter less of processors' time.
_SHORT_LIVED = {"GOMAXPROCS": "1", "GOGC": "400"}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A rule file and the test files about it. JSON is YAML, and quicker to write."""

    rules: Document
    tests: tuple[Document, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether every test of a proof came true, and what promtool said."""

    proven: bool
    output: str


def alert_proof(rule: ProvenRule) -> Proof:
    """The proof of one alert."""
    return Proof(rules=silent_document(rule), tests=test_documents(rule, "rules.json"))


def verdicts(promtool: Path, directory: Path, proofs: Mapping[Name, Proof]) -> dict[Name, Verdict]:
    """Run every proof: some to a process, and as many processes as there are processors."""
    files = {name: _lay_out(directory / str(n), proofs[name]) for n, name in enumerate(proofs)}
    every = list(proofs)
    batches = [every[start : start + _BATCH] for start in range(0, len(every), _BATCH)]

    def run(batch: list[Name]) -> dict[Name, Verdict]:
        asked = [file for name in batch for file in files[name]]
        command = [str(promtool), "test", "rules", *map(str, asked)]
        said = results(_run(command, directory).output, asked)
        return {name: _verdict([said[file] for file in files[name]]) for name in batch}

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return {
            name: verdict for found in pool.map(run, batches) for name, verdict in found.items()
        }


def quick_verdicts(
    promtool: Path, directory: Path, proofs: Mapping[Name, Proof]
) -> dict[Name, Verdict]:
    """The same of proofs that should fail: no case is run of one that failed already.

    One case of each at a time, those first that are soon run.
    """
    found = dict[Name, Verdict]()
    every = {name: _by_length(proof) for name, proof in proofs.items()}
    for case in range(max(map(len, every.values()), default=0)):
        asked = {
            name: replace(proofs[name], tests=cases[case : case + 1])
            for name, cases in every.items()
            if case < len(cases) and (not case or found[name].proven)
        }
        found |= verdicts(promtool, directory / f"case-{case}", asked)
    return found


def _by_length(proof: Proof) -> tuple[Document, ...]:
    """Each test of a proof in a file of its own, in the order of how much there is to evaluate."""
    single = (
        {**document, "tests": [test]} for document in proof.tests for test in document["tests"]
    )
    return tuple(sorted(single, key=_length))


def _length(document: Document) -> float:
    """The evaluations of the one test of a document, for each of its series."""
    [test] = document["tests"]
    asked = [*test.get("alert_rule_test", ()), *test.get("promql_expr_test", ())]
    until = max(Duration.parse(one["eval_time"]) for one in asked)
    every = Duration.parse(document["evaluation_interval"])
    return until.milliseconds / every.milliseconds * len(test["input_series"])


def _lay_out(place: Path, proof: Proof) -> list[Path]:
    """Write a proof; what is returned are its test files."""
    place.mkdir(parents=True)
    _write(place / "rules.json", proof.rules)
    files = [place / f"test-{number}.json" for number in range(len(proof.tests))]
    for file, document in zip(files, proof.tests, strict=True):
        _write(file, document)
    return files


def results(output: str, files: Sequence[Path]) -> dict[Path, str]:
    """What promtool said of each test file, in their order; some versions name none of them."""
    said = [match["text"].strip() for match in _RESULT.finditer(output)]
    return dict(zip(files, said, strict=True))


def _verdict(said: list[str]) -> Verdict:
    # A rule that cannot be read fails every case, and would prove nothing about them.
    assert not any("could not parse" in text for text in said), said
    proven = all(text == "SUCCESS" for text in said)
    return Verdict(proven=proven, output="\n".join(said))


def check(promtool: Path, place: Path, rules: Document) -> Verdict:
    """Whether promtool accepts a rule file, its templates included."""
    _write(place / "rules.json", rules)
    return _run([str(promtool), "check", "rules", "rules.json"], place)


def _write(path: Path, document: Document) -> None:
    path.write_text(json.dumps(document))


def _run(command: Sequence[str], place: Path) -> Verdict:
    done = subprocess.run(
        command,
        cwd=place,
        stdout=subprocess.PIPE,
        # In one stream, so that a complaint stands below the file it is about.
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | _SHORT_LIVED,
    )
    return Verdict(proven=done.returncode == 0, output=done.stdout)
