"""What is drawn without a graph: who was told, as the receiver shows it, and nothing unescaped."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from rehearsal.drill.journal import Began, Ended, PlayedDrill
from rehearsal.drill.timeline import Event, EventKind
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.pager.notifications import Notification, NotifiedAlert
from rehearsal.wall import fragments
from rehearsal.wall.views.tiles import Tile

_HOSTILE = "<script>alert(1)</script>\"'"


class _Seen(HTMLParser):
    """The text of a fragment and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = list[str]()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _seen(html: str) -> _Seen:
    seen = _Seen()
    seen.feed(html)
    return seen


def _notification(kind: str, **changed: str) -> Notification:
    labels = {"alertname": "EndpointDown", "service": "cartservice"}
    document: dict[str, Any] = {
        "received_at": 1.0,
        "contact_point": "night-shift",
        "kind": kind,
        "receiver": "night-shift",
        "status": "firing",
        "title": "FIRING EndpointDown cartservice in dev",
        "text": "FIRING EndpointDown cartservice\nWhat: it does not answer.",
        "alerts": (NotifiedAlert(status="firing", labels=labels),),
        **changed,
    }
    return Notification(**document)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_delivery_is_shown_as_its_receiver_would(kind: str) -> None:
    text = json.dumps({"alerts": []}) if kind == "webhook" else "What: it does not answer."
    seen = _seen(fragments.told([_notification(kind, text=text)], {}))
    assert "night-shift" in seen.text
    assert "FIRING EndpointDown cartservice in dev" in seen.text
    assert "{" not in seen.text
    assert ("cartservice" if kind == "webhook" else "What: it does not answer.") in seen.text


def test_the_newest_comes_first_and_heartbeats_are_one_line() -> None:
    told = [_notification("slack", title="first"), _notification("slack", title="second")]
    text = _seen(fragments.told(told, {"heartbeat": 5.0})).text
    assert text.index("second") < text.index("first")
    assert "heartbeat heard at" in text
    assert "Nobody was told anything yet." in fragments.told([], {})


def test_what_is_put_in_is_escaped() -> None:
    drill = PlayedDrill(
        began=Began(at=0.0, scenario=_HOSTILE, target=_HOSTILE, summary=_HOSTILE, at_most=9.0),
        events=(Event(1.0, _HOSTILE, kind=EventKind.BROKEN),),
        ended=Ended(at=2.0, ok=False, lines=(_HOSTILE,)),
    )
    drawn = [
        fragments.drill(drill, 3.0),
        fragments.told([_notification("slack", title=_HOSTILE, text=_HOSTILE)], {_HOSTILE: 1.0}),
        fragments.tiles([Tile(name=_HOSTILE, text=_HOSTILE, color="#000000", ink="#ffffff")]),
        fragments.play([(_HOSTILE, _HOSTILE)], [_HOSTILE], [_HOSTILE], None, _HOSTILE),
        fragments.head("key", _HOSTILE, _HOSTILE, ()),
        fragments.undrawable([_HOSTILE]),
    ]
    for one in drawn:
        seen = _seen(one)
        assert "script" not in seen.tags
        assert _HOSTILE in seen.text


def test_a_drill_counts_from_what_it_broke() -> None:
    began = Began(at=100.0, scenario="endpoint-down", target="cart", summary="one", at_most=60.0)
    events = (
        Event(103.0, "cart refuses connections", kind=EventKind.BROKEN),
        Event(145.5, "EndpointDown fires", kind=EventKind.FIRING),
    )
    text = _seen(fragments.drill(PlayedDrill(began=began, events=events), 150.0)).text
    assert "+0.0 s" in text
    assert "+42.5 s" in text
    assert "50 s so far" in text
    assert "No drill was played yet." in fragments.drill(None, 0.0)
