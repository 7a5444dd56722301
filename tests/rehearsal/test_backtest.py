"""What changed rules would have told in the past: of a month, and of what is recorded."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gallery.metrics.durations import Duration
from offline.errors import UserError
from rehearsal.__main__ import main
from rehearsal.backtest import command
from rehearsal.backtest.blocks import opened
from rehearsal.backtest.comparison import Comparison, compared
from rehearsal.backtest.document import document
from rehearsal.backtest.judged import Past
from rehearsal.backtest.past import Period, evaluated
from rehearsal.backtest.report import markdown
from rehearsal.backtest.source import Blocks, Source
from rehearsal.diff.tree import read
from rehearsal.drill.virtual.judge import Judge
from rehearsal.machine import backfill, tools
from rehearsal.machine.addresses import Address
from rehearsal.machine.queries import NAME, Sampled
from rehearsal.machine.tools import PROMTOOL
from rehearsal.stand_in.documents import Document
from tests.rehearsal.conftest import free_addresses
from tests.rehearsal.trees import alert, edit, laid_out, small
from tests.unit.programs import program

HOUR, DAY = 3_600, 86_400
# What is asked about begins with a day, on a multiple of every interval.
BEGAN = 1_760_000_400 - 1_760_000_400 % DAY
STACK = {"environment": "prod", "cluster": "gallery-prod"}


def written(series: Iterable[Sampled], out: Path) -> Path:
    """Blocks with these samples."""
    backfill.write(series, out / "data", Path(program(PROMTOOL)))
    return out / "data"


def constant(
    name: str, times: Iterable[int], labels: Mapping[str, str], value: float = 1
) -> Sampled:
    return Sampled(labels={NAME: name, **labels}, samples=tuple((at, value) for at in times))


def period(seconds: int) -> Period:
    return Period(begin=BEGAN * 1000, end=(BEGAN + seconds) * 1000)


def quietly(_line: str) -> None:
    """Progress that nobody follows."""


# The month: outages of a service by when they begin and for how long. Two services fail at once.
_MONTH = 30 * DAY
_OUTAGES = [
    ("frontend", 2 * DAY + 3 * HOUR, 60),
    ("frontend", 5 * DAY + 14 * HOUR, 15),
    ("cartservice", 9 * DAY + 3 * HOUR, 600),
    ("frontend", 16 * DAY + 22 * HOUR, 240),
    ("cartservice", 16 * DAY + 22 * HOUR, 240),
    ("frontend", 27 * DAY + 11 * HOUR, 90),
]
# Nobody wrote: before the first day was over, and for six hours.
_KNOWN_FROM, _UNWRITTEN = DAY, (11 * DAY, 11 * DAY + 6 * HOUR)
_SCRAPE = 15


def _of_the_month() -> Iterator[Sampled]:
    times = [
        BEGAN + at
        for at in range(_KNOWN_FROM, _MONTH + 1, _SCRAPE)
        if not _UNWRITTEN[0] <= at < _UNWRITTEN[1]
    ]
    for service in ("frontend", "cartservice"):
        known = {"job": "probe", "service": service, "instance": service, **STACK}
        down = {
            BEGAN + at
            for each, begin, seconds in _OUTAGES
            if each == service
            for at in range(begin, begin + seconds)
        }
        yield constant("up", times, known)
        yield Sampled(
            labels={NAME: "probe_success", **known},
            samples=tuple((at, 0 if at in down else 1) for at in times),
        )
    canary = {"job": "canary", "service": "prober", "instance": "prober", **STACK}
    for name in ("up", "probe_success"):
        yield constant(name, times, canary)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(_of_the_month(), tmp_path_factory.mktemp("month"))


def _trees(place: Path) -> tuple[Path, Path]:
    """`prod`, and the same with two minutes' hold of EndpointDown."""
    base = laid_out("prod", place / "base")
    head = shutil.copytree(base, place / "head")

    def hold(group: Document) -> None:
        [rule] = [each for each in group["rules"] if each["name"] == "EndpointDown"]
        rule["for"] = "2m"

    edit(head, "grafana/rules/gallery-endpoint.json", hold)
    return base, head


def _worked_out(hold: int) -> list[tuple[str, int, int]]:
    """Which services' outages fire, when after the beginning, and for how many seconds."""
    return [
        (service, begin + hold, seconds - hold)
        for service, begin, seconds in _OUTAGES
        if seconds > hold
    ]


def _fired(side: Document) -> list[tuple[str, int, int]]:
    return [
        (
            each["labels"]["service"],
            round(_epoch(each["from"]) - BEGAN),
            round(each["seconds"]),
        )
        for each in side["firings"]
    ]


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(scope="module")
def of_the_month(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    base, head = _trees(tmp_path_factory.mktemp("trees"))
    with free_addresses() as find:
        source = Blocks(name="a month", directory=month, address=find())
        past = Past(source=source, period=period(_MONTH), progress=quietly)
        return compared(read(head), read(base), past)


def test_a_changed_hold_is_judged_on_a_month(of_the_month: Comparison) -> None:
    found = document(of_the_month)
    [one] = found["alerts"]
    assert (one["alert"], one["change"]) == ("EndpointDown", "changed")
    assert sorted(_fired(one["before"])) == sorted(_worked_out(30))
    assert sorted(_fired(one["now"])) == sorted(_worked_out(120))
    # Of outages and not of holds, nothing else.
    assert sorted(_fired(one["now"])) != sorted(_worked_out(130))
    # Two services at once are two firings and one message.
    assert [one[side]["fired"] for side in ("before", "now")] == [5, 3]
    assert one["now"]["hours"] == {"03": 1, "22": 2}
    told = [(each["contact_point"], each["wakes"]) for each in one["now"]["told"]]
    assert told == [("pager", True), ("chat", False)]
    assert all(each["hours"] == {"03": 1, "22": 1} for each in one["now"]["told"])
    row = "| `EndpointDown` | changed | 5 times | 3 times | `pager` 4 times | `pager` 2 times |"
    assert row in markdown(of_the_month)


def test_what_is_not_known_of_a_month_is_said_and_counts_as_nothing(
    of_the_month: Comparison,
) -> None:
    [one] = document(of_the_month)["alerts"]
    gaps = [
        (round(_epoch(gap["from"]) - BEGAN), round(_epoch(gap["to"]) - BEGAN))
        for gap in one["now"]["gaps"]
    ]
    # To five minutes, each of which has its end and not its beginning.
    assert gaps == [(0, _KNOWN_FROM - 300), (_UNWRITTEN[0], _UNWRITTEN[1] - 300)]
    said = markdown(of_the_month)
    assert "; **of the rest nothing is known**" in said
    assert ", but for 5h55m (" in said


def test_the_blocks_stay_as_they_are(month: Path, free: Callable[[], Address]) -> None:
    def digest() -> str:
        files = sorted(each for each in month.rglob("*") if each.is_file())
        return hashlib.sha256(
            b"".join(str(each).encode() + each.read_bytes() for each in files)
        ).hexdigest()

    before, here = digest(), tools.ROOT / "build"
    with opened(month, free()) as store:
        store.forget("up")
        store.add([constant("new", [BEGAN], {})])
        store.restart()
        assert store.queries.query("new", BEGAN)
        assert not store.queries.query("up", BEGAN + 2 * DAY)
        assert [*here.glob("backtest-*")]
    assert digest() == before
    assert not [*here.glob("backtest-*")]


# A counter that grows by 2 a second, by 9 for a quarter of an hour, and is then no more.
_LENGTH = 2 * HOUR
_GROWN = [0]
for _at in range(0, _LENGTH, 15):
    _GROWN.append(_GROWN[-1] + (9 if 3_600 <= _at < 4_500 else 2) * 15)
_RECORDED: list[Document] = [
    {"record": "r:rate5m", "expr": "sum by (service) (rate(x[5m]))"},
    {"record": "r:twice", "expr": "2 * r:rate5m", "labels": {"unit": "half"}},
]
_BUSY = alert("Busy", "max_over_time(r:twice[3m]) > 10", **{"for": "2m"})


def _counted(*, until: int = _LENGTH) -> Sampled:
    return Sampled(
        labels={NAME: "x", "service": "frontend", "instance": "a"},
        samples=tuple(
            (BEGAN + at, float(value))
            for at, value in zip(range(0, until, 15), _GROWN, strict=False)
        ),
    )


def _by_promtool(rules: list[Document]) -> list[int]:
    """The seconds at which Busy fires, by promtool's engine on the same rules and samples."""
    judge = Judge(
        promtool=Path(program(PROMTOOL)),
        groups=[{"name": "all", "rules": rules}],
        scrape=Duration.parse("15s"),
        evaluate=Duration.parse("1m"),
    )
    values = " ".join(str(value) for value in _GROWN[: _LENGTH // 15])
    series: list[Document] = [{"series": 'x{service="frontend",instance="a"}', "values": values}]
    times = (Duration.of(seconds=at) for at in range(0, _LENGTH, 60))
    found = judge.values(series, 'timestamp(ALERTS{alertstate="firing"})', times)
    return sorted({round(each.value) for each in found})


def _seconds(side: Document) -> list[int]:
    return [
        at
        for each in side["firings"]
        for at in range(round(_epoch(each["from"]) - BEGAN), round(_epoch(each["to"]) - BEGAN), 60)
    ]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Blocks in which the recordings of another rule are: a tenth of what these would give."""
    frontend = {"service": "frontend"}
    old = [
        constant(name, range(BEGAN, BEGAN + _LENGTH, 60), frontend, 0.1)
        for name in ("r:rate5m", "r:twice")
    ]
    return written([_counted(), *old], tmp_path / "recorded")


def test_what_changed_rules_read_is_recorded_first(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    base = small(tmp_path / "base", [{**_RECORDED[0], "expr": "0 * x"}, _RECORDED[1], _BUSY])
    head = small(tmp_path / "head", [*_RECORDED, _BUSY])
    source = Blocks(name="blocks", directory=recorded, address=free())
    past = Past(source=source, period=period(_LENGTH), progress=quietly)
    comparison = compared(read(head), read(base), past)
    [one] = document(comparison)["alerts"]
    by_promtool = _by_promtool([*_RECORDED, _BUSY])
    assert len(by_promtool) > 10
    assert _seconds(one["now"]) == by_promtool
    assert one["now"]["recorded"] == ["r:twice"]
    # What was recorded then is what the rule before had.
    assert (one["before"]["fired"], one["before"]["recorded"]) == (0, [])
    assert "recorded for this from the same data: `r:twice`" in markdown(comparison)


def test_what_was_never_recorded_is_recorded_for_both(
    tmp_path: Path, free: Callable[[], Address]
) -> None:
    blocks = written([_counted()], tmp_path / "unrecorded")
    base = small(tmp_path / "base", [*_RECORDED, {**_BUSY, "for": "0s"}])
    head = small(tmp_path / "head", [*_RECORDED, _BUSY])
    source = Blocks(name="blocks", directory=blocks, address=free())
    past = Past(source=source, period=period(_LENGTH), progress=quietly)
    [one] = document(compared(read(head), read(base), past))["alerts"]
    for side, rule in (("before", {**_BUSY, "for": "0s"}), ("now", _BUSY)):
        assert _seconds(one[side]) == _by_promtool([*_RECORDED, rule]), side


def test_what_cannot_be_recorded_is_not_judged(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    base = small(tmp_path / "base", [{**_RECORDED[0], "expr": "0 * x"}, _RECORDED[1], _BUSY])
    head = small(tmp_path / "head", [*_RECORDED, _BUSY])
    with opened(recorded, free()) as store:
        source = Source(name="elsewhere", queries=store.queries)
        past = Past(source=source, period=period(_LENGTH), progress=quietly)
        comparison = compared(read(head), read(base), past)
    [one] = document(comparison)["alerts"]
    assert "it reads r:twice, which was recorded otherwise there" in one["now"]["why_not"]
    assert (one["now"]["fired"], one["now"]["firings"]) == (None, None)
    assert one["before"]["fired"] == 0
    assert "| `Busy` | changed | never | not known | nobody | not known |" in markdown(comparison)


def test_what_is_recorded_no_more_is_not_read_from_the_past(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    quiet = alert("Low", "r:rate5m > 0")
    base, head = small(tmp_path / "base", [*_RECORDED, quiet]), small(tmp_path / "head", [quiet])
    source = Blocks(name="blocks", directory=recorded, address=free())
    past = Past(source=source, period=period(_LENGTH), progress=quietly)
    [one] = document(compared(read(head), read(base), past))["alerts"]
    assert one["before"]["seconds"] > _LENGTH / 2
    assert "there is none of r:rate5m" in one["now"]["why_not"]


def test_what_has_no_data_is_not_quiet(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    head = small(
        tmp_path / "head",
        [
            alert("Blind", "y > 0 unless x < 0"),
            alert("Either", "y > 0 or x < 0"),
            alert("Missing", "absent(y)"),
            alert("Guarded", "x < 0 unless y"),
        ],
    )
    with opened(recorded, free()) as store:
        source = Source(name="elsewhere", queries=store.queries)
        past = Past(source=source, period=period(_LENGTH), progress=quietly)
        comparison = compared(read(head), None, past)
    found = {one["alert"]: one["now"] for one in document(comparison)["alerts"]}
    assert found["Blind"]["why_not"] == (
        "without samples of what it needs it cannot fire, and there is none of y"
    )
    assert {name: each["fired"] for name, each in found.items()} == {
        "Blind": None, "Either": 0, "Missing": 0, "Guarded": 0,
    }  # fmt: skip
    # It fires all the time, and did so before.
    assert (found["Missing"]["fired_before"], found["Missing"]["seconds"]) == (1, _LENGTH)
    assert found["Guarded"]["without_samples_of"] == ["y"]
    said = markdown(comparison)
    assert "**not judged**" in said
    assert "never, and 1 from before" in said


def test_alerts_that_no_engine_could_tell_apart_are_refused(
    tmp_path: Path, free: Callable[[], Address]
) -> None:
    times = range(BEGAN, BEGAN + HOUR, 15)
    series = [constant(name, times, {"service": "frontend"}) for name in ("a", "b")]
    head = small(tmp_path / "head", [alert("Twice", '{__name__=~"a|b"} > 0')])
    source = Blocks(name="b", directory=written(series, tmp_path), address=free())
    past = Past(source=source, period=period(HOUR), progress=quietly)
    with pytest.raises(UserError, match="Twice gives several alerts of the same labels at once"):
        compared(read(head), None, past)


def test_a_rule_that_cannot_be_asked_is_named_with_the_answer(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    head = read(small(tmp_path / "head", [alert("Wrong", "x > 0")]))
    [rule] = head.rules.values()
    with opened(recorded, free()) as store, pytest.raises(UserError, match="Wrong cannot be") as no:
        evaluated(store.queries, replace(rule, expr="sum(x"), period(HOUR))
    assert "parse error" in str(no.value)


def test_only_what_is_new_changed_or_removed_is_judged(
    recorded: Path, tmp_path: Path, free: Callable[[], Address]
) -> None:
    same, gone = alert("Same", "x > 1000"), alert("Gone", "x > 6000")
    base = small(tmp_path / "base", [same, gone, alert("Louder", "x > 7000", "ticket")])
    head = small(tmp_path / "head", [same, alert("New", "x > 9000"), alert("Louder", "x > 7000")])
    source = Blocks(name="blocks", directory=recorded, address=free())
    past = Past(source=source, period=period(_LENGTH), progress=quietly)
    comparison = compared(read(head), read(base), past)
    found = {one["alert"]: one for one in document(comparison)["alerts"]}
    assert {name: one["change"] for name, one in found.items()} == {
        "Gone": "removed", "Louder": "changed", "New": "new",
    }  # fmt: skip
    assert (found["Gone"]["now"], found["New"]["before"]) == (None, None)
    sides = [one[side] for one in found.values() for side in ("before", "now") if one[side]]
    assert [side["fired"] for side in sides] == [1, 1, 1, 1]
    # The same contact point, which a ticket does not wake.
    said = markdown(comparison)
    assert "| `Louder` | changed | once | once | nobody | `pager` once |" in said
    assert "| `Gone` | removed | once |  | `pager` once |  |" in said
    assert markdown(replace(comparison, alerts=())).endswith(
        "No rule is new, changed or removed.\n"
    )


def test_an_older_tree_is_told_to_be_rendered_anew(tmp_path: Path) -> None:
    small(tmp_path, [alert("Any", "x > 0")])

    def forget(points: Document) -> None:
        for member in points["alertmanager"]["loud"]:
            del member["wakes"]

    edit(tmp_path, "contact-points.json", forget)
    tree = read(tmp_path)
    with pytest.raises(UserError, match="does not say whether chat wakes anybody: an older"):
        tree.heard(tree.rules["Any"], {"alertname": "Any", "severity": "page"})


def test_there_never_was_all_that_a_rule_needs(tmp_path: Path, free: Callable[[], Address]) -> None:
    halves = {
        "x": range(BEGAN, BEGAN + HOUR, 15),
        "y": range(BEGAN + HOUR + 900, BEGAN + _LENGTH, 15),
    }
    series = [constant(name, times, {}) for name, times in halves.items()]
    rules = small(tmp_path / "tree", [alert("Both", "x > 0 and y > 0")])
    source = Blocks(name="b", directory=written(series, tmp_path), address=free())
    past = Past(source=source, period=period(_LENGTH), progress=quietly)
    [one] = document(compared(read(rules), None, past))["alerts"]
    assert one["now"]["fired"] is None
    assert one["now"]["why_not"].endswith("and there never were all at once")


def test_trees_of_two_stacks_are_refused(tmp_path: Path) -> None:
    base, head = small(tmp_path / "a", [], "one"), small(tmp_path / "b", [], "two")
    source = Blocks(name="none", directory=tmp_path)
    with pytest.raises(UserError, match=r"is stack one and .* stack two"):
        compared(read(head), read(base), Past(source=source, period=period(HOUR), progress=quietly))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "taken from one place, and none was given; give one of --prometheus, --amp, --blocks"),
        ({"amp": "ws-1", "prometheus": "http://x"}, "--prometheus and --amp was given"),
        ({"prometheus": "prometheus:9090"}, "is no address of a Prometheus; write it as https://"),
        ({"blocks": Path("tests")}, "tests holds no blocks of a Prometheus; name its data"),
        ({"since": "30"}, "--since: '30' is not a duration; write a number with a unit"),
        ({"since": "5m"}, "--since is 5m, within which nothing can be told; ask for 10m or more"),
    ],
)
def test_what_is_asked_wrongly_is_refused(asked: dict[str, Any], said: str, tmp_path: Path) -> None:
    rules = small(tmp_path, [alert("Any", "x > 0")])
    usual: dict[str, Any] = {"prometheus": None, "amp": None, "blocks": None, "since": "1h"}
    with pytest.raises(UserError) as refused:
        command.backtest(rules, None, progress=quietly, **{**usual, **asked})
    assert said in str(refused.value)


def test_the_command_prints_markdown_and_writes_json(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    free: Callable[[], Address],
) -> None:
    monkeypatch.setattr("rehearsal.backtest.source.BACKTEST", free())
    now = int(time.time())
    blocks = written([constant("x", range(now - 7_200, now, 15), {}, 7)], tmp_path)
    quiet = alert("Quiet", "vector(0) > 1")
    rules = small(tmp_path / "tree", [alert("High", "x > 5", **{"for": "2m"}), quiet])
    report = tmp_path / "report.json"
    arguments = ["--rules", rules, "--blocks", blocks, "--since", "3h", "--json", report]
    assert main(["backtest", *map(str, arguments)]) == 0
    [one, other] = json.loads(report.read_text())["alerts"]
    assert (one["change"], one["now"]["fired"], other["now"]["fired"]) == ("new", 1, 0)
    said = capsys.readouterr().out
    assert "| alert |  | fired now | woken now |" in said
    assert "| `High` | new | once | `pager` once |\n| `Quiet` | new | never | nobody |" in said
    # Of what never fired there is nothing to add.
    assert ("### `High`" in said, "### `Quiet`" in said) == (True, False)
