"""How the rehearsal plays a kind of contact point: through a local Alertmanager to the pager."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rehearsal.pager.notifications import Message

# An entry of a receiver, as Grafana or an Alertmanager writes it.
Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where the pager hears for one contact point of a receiver.

    `url` is for HTTP and `sender` for e-mail; `key` is the invented credential where a protocol
    signs what it sends.
    """

    url: str
    sender: str
    receiver: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer."""

    status: int = 200
    content_type: str = "text/plain"
    body: str


@dataclass(frozen=True, kw_only=True)
class Played:
    """One kind of contact point, from the rendered integration to what the pager reads.

    `grafana` is the list that a rendered Grafana contact point has it in, and `fields` what the
    translation carries over there or knows to be about the address alone; `section` is the list
    of the local receiver. `amp` gives the fields in which an entry of AMP's receiver becomes a
    local one, where AMP delivers to the kind at all. `provisioned` gives an entry's settings for
    Grafana itself, where its notifier can be sent to the pager. `topic` reads the ARN of an SNS
    topic out of an entry. `read` raises ValueError or KeyError for what is no message of this
    kind; `answer` is how the kind's service says that it took one, given how many it took before,
    and `too_long` how it refuses one whose text or title is longer than it takes.
    """

    name: str
    grafana: str
    fields: frozenset[str]
    section: str
    local: Callable[[Entry, Way], Entry]
    amp: Callable[[Entry, Way], Entry] | None = None
    provisioned: Callable[[Entry, Way], Entry] | None = None
    topic: Callable[[Entry], str] | None = None
    read: Callable[[bytes], Message]
    answer: Callable[[int], Answer] = lambda _count: Answer(body="ok")
    too_long: Answer | None = None
    service: str
    protocol: str
    by_mail: bool = False
