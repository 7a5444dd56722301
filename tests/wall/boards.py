"""Dashboards and panels for tests of the wall."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from gallery.dashboards import dashboards
from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.panels import Query
from rehearsal.wall.grafana.read import Dashboard, Readable, read
from rehearsal.wall.grafana.series import Series
from rehearsal.wall.views.asked import Asked
from tests.unit.stack_files import planned

Document = dict[str, Any]
# A minute in which series have a sample every five seconds.
OVER = Interval(start=0.0, end=60.0, step=5.0, rate=20.0)


@cache
def _documents(stack: str) -> dict[str, Document]:
    return dashboards(planned(stack))


def document(uid: str, stack: str = "dev") -> Document:
    """A rendered dashboard that may be changed."""
    return copy.deepcopy(_documents(stack)[uid])


def board(uid: str, stack: str = "dev") -> Dashboard:
    """A rendered dashboard as the wall reads it."""
    return read(document(uid, stack))


def panel(uid: str, title: str) -> Readable:
    """The panel of that title, of dev."""
    return next(one for one in board(uid).panels() if one.title == title)  # type: ignore[misc]


def series(*values: float | None, start: float = 0.0, step: float = 5.0, **labels: str) -> Series:
    """A series with a sample every step; None where there is none."""
    samples = [(start + number * step, value) for number, value in enumerate(values)]
    return Series(labels=labels, samples=[one for one in samples if one[1] is not None])


def asked(query: Query, *found: Series) -> Asked:
    """What a query found."""
    return Asked(query=query, found=found, over=OVER)
