"""Which alerts a stack's rules fire on what was scraped, and when: promtool evaluates them.

promtool compares and does not tell, so it is asked for what cannot be so, and says what it got.
Format: Prometheus, "Unit testing for rules".
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from gallery.metrics import promql
from gallery.metrics.durations import Duration
from offline.errors import UserError
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.drill.virtual.course import Counter
from rehearsal.stand_in.documents import Document

_GOT = re.compile(r"^\s*got: *(?P<samples>\{.*)$", re.MULTILINE)
_SAMPLE = re.compile(r"\{(?P<labels>[^}]*)\} (?P<value>\S+?)(?:, |$)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_REQUESTS = "istio_requests_total"
_OF_ALERTS = {ALERTNAME, "alertstate"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What an expression was for one set of labels."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, kw_only=True)
class Fired:
    """An alert that fired; `at` is when it began, in seconds from the first scrape."""

    alert: str
    labels: Mapping[str, str]
    at: float


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The rules of a stack as programs read them, `groups` in the order of their evaluation."""

    promtool: Path
    groups: Sequence[Document]
    scrape: Duration
    evaluate: Duration

    def fired(self, series: Iterable[Document], until: Duration) -> tuple[Fired, ...]:
        """What fired until then on these series, each once, the first first. Raises UserError."""
        firing = promql.selector("ALERTS", (promql.equals("alertstate", "firing"),))
        began = f"min_over_time(timestamp({firing})[{until}:{self.evaluate}])"
        found = self.values(series, began, (until,))
        return tuple(sorted(map(_fired, found), key=lambda one: one.at))

    def values(
        self, series: Iterable[Document], expr: str, times: Iterable[Duration]
    ) -> list[Sample]:
        """What an expression is at these times, one time after another. Raises UserError."""
        test: Document = {
            "interval": str(self.scrape),
            "input_series": list(series),
            "promql_expr_test": [
                {"expr": expr, "eval_time": str(at), "exp_samples": []} for at in times
            ],
        }
        document: Document = {
            "rule_files": ["rules.json"],
            "evaluation_interval": str(self.evaluate),
            "tests": [test],
        }
        return list(_read(self._run(document)))

    def _run(self, document: Document) -> str:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            (place / "rules.json").write_text(json.dumps({"groups": list(self.groups)}))
            (place / "test.json").write_text(json.dumps(document))
            run = subprocess.run(
                [str(self.promtool), "test", "rules", "test.json"],
                cwd=place,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        if run.returncode and not _GOT.search(run.stdout):
            raise UserError(f"promtool does not evaluate the rules: {run.stdout.strip()}")
        return run.stdout


def input_series(counters: Iterable[Counter], stack: Mapping[str, str]) -> Iterator[Document]:
    """Counters of requests in promtool's notation; `stack` are the labels that all series have."""
    for counter in counters:
        known = {**stack, **counter.labels}
        chosen = (promql.equals(name, value) for name, value in sorted(known.items()))
        yield {
            "series": promql.selector(_REQUESTS, chosen),
            "values": " ".join(_notation(counter.values)),
        }


def _notation(values: Iterable[int | None]) -> Iterator[str]:
    """Values as promtool reads them: what stays the same is said once."""
    for value, group in groupby(values):
        more = len(list(group)) - 1
        start = "_" if value is None else str(value)
        if value is None:
            yield f"_x{more + 1}"
        else:
            yield f"{start}+0x{more}" if more else start


def _read(said: str) -> Iterator[Sample]:
    for got in _GOT.finditer(said):
        for sample in _SAMPLE.finditer(got["samples"]):
            yield Sample(
                labels=dict(_LABEL.findall(sample["labels"])), value=float(sample["value"])
            )


def _fired(began: Sample) -> Fired:
    known = {name: value for name, value in began.labels.items() if name not in _OF_ALERTS}
    return Fired(alert=began.labels[ALERTNAME], labels=known, at=began.value)
