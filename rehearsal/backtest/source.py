"""Who has the past: a Prometheus, an AMP workspace, or blocks on this machine."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.backtest.blocks import Store, opened
from rehearsal.machine.addresses import BACKTEST, Address
from rehearsal.machine.queries import Queries


@dataclass(frozen=True, kw_only=True)
class Source:
    """A past that is asked as it is; what is not recorded in it cannot be recorded.

    `name` is what a report calls it.
    """

    name: str
    queries: Queries

    @contextmanager
    def opened(self) -> Generator[tuple[Queries, Store | None], None, None]:
        """What answers, and where it can be added to what does so."""
        yield self.queries, None


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """A past in a directory, of which each opening is a copy of its own."""

    name: str
    directory: Path
    address: Address = BACKTEST

    @contextmanager
    def opened(self) -> Generator[tuple[Queries, Store | None], None, None]:
        """What answers, and where it can be added to what does so."""
        with opened(self.directory, self.address) as store:
            yield store.queries, store
