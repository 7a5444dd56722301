"""Gives the API every object of a stack, twice, and waits for the pods that come of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from rehearsal.cluster.api import FIELD_MANAGER, Api, Applied, RefusedError
from rehearsal.cluster.declared import Declared, Objects
from rehearsal.cluster.pods import Controller, complaints, controllers, ready
from rehearsal.cluster.verdict import Judged, Outcome, Verdict
from rehearsal.stand_in.documents import Document

Progress = Callable[[str], None]

PODS_WITHIN_SECONDS = 60.0
_POLL_SECONDS = 0.5
# The API writes a claim's defaults down again at its second apply, and only then.
_STEADY_LATER = "PersistentVolumeClaim"
_VOLATILE = ("metadata.managedFields", "metadata.resourceVersion", "status")
_NO_SUCH_KIND = "the plain API has no such kind"
_CHART = "a chart, whose objects Helm renders"


@dataclass(frozen=True, kw_only=True)
class Admission:
    """One judgement. `watch` is called again and again and may raise.

    `meanwhile` is done once everything is applied, while pods come; `look` is called when all pods
    are there, and says what is wrong with them.
    """

    api: Api
    objects: Objects
    look: Callable[[], list[str]]
    watch: Callable[[], None]
    progress: Progress
    meanwhile: Callable[[], None] = lambda: None

    def judge(self, stack: str) -> Verdict:
        """The verdict on the stack, with its pods and what was wrong."""
        first = self._applied()
        refused = [each for each in first if each.outcome is Outcome.REFUSED]
        if refused:
            # Others wait for these, and would only be late.
            return Verdict(stack=stack, judged=tuple(first))
        declared = controllers(each.manifest for each in self.objects.declared)
        self.progress(f"{len(first)} objects applied; waiting for {len(declared)} to have pods")
        self.meanwhile()
        wrong = self._await_pods(declared) or self.look()
        pods = {str(each): ready(self.api, each) for each in declared}
        judged = tuple(first if wrong else self._applied_again(first))
        return Verdict(stack=stack, judged=judged, pods=pods, complaints=tuple(wrong))

    def _applied(self) -> list[Judged]:
        charts = [
            Judged(kind="Release", name=chart, outcome=Outcome.NOT_JUDGED, why=_CHART)
            for chart in self.objects.charts
        ]
        return [*map(self._first, self.objects.declared), *charts]

    def _first(self, declared: Declared) -> Judged:
        if self.api.kind(declared.manifest) is None:
            return _judged(declared, Outcome.NOT_JUDGED, why=_NO_SUCH_KIND)
        try:
            applied = self.api.apply(declared.manifest)
        except RefusedError as refusal:
            return _judged(declared, Outcome.REFUSED, why=str(refusal))
        return _judged(declared, Outcome.ADMITTED, warnings=applied.warnings)

    def _applied_again(self, first: Sequence[Judged]) -> list[Judged]:
        """The same verdicts, but of what the second apply changes."""
        unsteady = {
            _names(each): change
            for each in self.objects.declared
            if self.api.kind(each.manifest) is not None and (change := self._change(each))
        }
        return [
            Judged(kind=each.kind, name=each.name, outcome=Outcome.UNSTEADY, why=change)
            if (change := unsteady.get((each.kind, each.name)))
            else each
            for each in first
        ]

    def _change(self, declared: Declared) -> str:
        """What applying an object again changes in it; empty for nothing."""
        before = self.api.get(self.api.path(declared.manifest))
        try:
            after = self._again(declared)
        except RefusedError as refusal:
            return f"a second apply is refused: {refusal}"
        changed = _difference(before, after.object)
        return f"a second apply changes {changed}" if changed else ""

    def _again(self, declared: Declared) -> Applied:
        applied = self.api.apply(declared.manifest)
        if declared.manifest["kind"] == _STEADY_LATER:
            return self.api.apply(declared.manifest)
        return applied

    def _await_pods(self, declared: Iterable[Controller]) -> list[str]:
        deadline = time.monotonic() + PODS_WITHIN_SECONDS
        while found := complaints(self.api, declared):
            self.watch()
            lasting = [each.text for each in found if each.lasts]
            if lasting or time.monotonic() > deadline:
                return lasting or [each.text for each in found]
            time.sleep(_POLL_SECONDS)
        return []


def _names(declared: Declared) -> tuple[str, str]:
    return str(declared.manifest["kind"]), str(declared.manifest["metadata"]["name"])


def _judged(
    declared: Declared, outcome: Outcome, why: str = "", warnings: tuple[str, ...] = ()
) -> Judged:
    kind, name = _names(declared)
    return Judged(kind=kind, name=name, outcome=outcome, why=why, warnings=warnings)


def _difference(before: Document, after: Document) -> str:
    """What an apply has changed; empty where the API has it as it was, or others changed it."""
    if before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]:
        return ""
    if _applied_at(before) == _applied_at(after):
        return ""
    paths = [path for path in _paths(before, after) if not path.startswith(_VOLATILE)]
    return ", ".join(paths) or "its resourceVersion alone"


def _applied_at(live: Document) -> object:
    """When an apply of ours last changed something."""
    entries: list[Document] = live["metadata"].get("managedFields") or []
    return [each.get("time") for each in entries if each.get("manager") == FIELD_MANAGER]


def _paths(before: object, after: object, path: str = "") -> Iterator[str]:
    """Where two values differ, as paths of keys."""
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("Document", before), cast("Document", after)
        for key in sorted({*old, *new}):
            yield from _paths(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield path
