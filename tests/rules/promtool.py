"""Runs promtool over many proofs at once and says of each whether it came true."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gallery.render.proof import Document, ProvenRule, rule_document, test_documents
from rehearsal import tools

Name = TypeVar("Name")
_AT_ONCE = os.cpu_count() or 1


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
    return Proof(rules=rule_document(rule), tests=test_documents(rule, "rules.json"))


def program() -> Path:
    """Where promtool is, fetched where the machine has none."""
    return tools.provide([tools.PROMTOOL])[tools.PROMTOOL]


def verdicts(promtool: Path, directory: Path, proofs: Mapping[Name, Proof]) -> dict[Name, Verdict]:
    """Run every proof; as many at a time as there are processors."""

    def run(numbered: tuple[int, Proof]) -> Verdict:
        number, proof = numbered
        place = directory / str(number)
        place.mkdir(parents=True)
        _write(place / "rules.json", proof.rules)
        files = [f"{position}.json" for position, _ in enumerate(proof.tests)]
        for name, document in zip(files, proof.tests, strict=True):
            _write(place / name, document)
        return _run([str(promtool), "test", "rules", *files], place)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(run, enumerate(proofs.values()))
        return dict(zip(proofs, found, strict=True))


def check(promtool: Path, place: Path, rules: Document) -> Verdict:
    """Whether promtool accepts a rule file, its templates included."""
    _write(place / "rules.json", rules)
    return _run([str(promtool), "check", "rules", "rules.json"], place)


def _write(path: Path, document: Document) -> None:
    path.write_text(json.dumps(document))


def _run(command: Sequence[str], place: Path) -> Verdict:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    return Verdict(proven=done.returncode == 0, output=done.stdout + done.stderr)
