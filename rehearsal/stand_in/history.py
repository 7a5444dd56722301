"""The past that rules look back on, as it is recorded: days in which all was quiet.

What is usual for a host is that of a week. A budget that knows a few minutes alone would be gone
with the first drill, and what is recorded every five minutes be unknown as long as that.

What is written here is a plan; `rehearsal.backfill` makes samples of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gallery.metrics import labels, names
from gallery.metrics.durations import Duration
from gallery.objectives.requests import Reporter, Requests
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.instances import Instance
from rehearsal.stand_in.scrape import scrape_seconds
from rehearsal.world.procfs import REST_BYTES_PER_SECOND, host_scale
from rehearsal.world.topology import Workload
from rehearsal.world.traffic import flows

_NODE_JOBS = "ec2_sd_configs"
_TAG = "__meta_ec2_tag_"
_SERIES = (
    names.RECEIVE_RATE,
    names.TRANSMIT_RATE,
    names.RECEIVE_USUAL,
    names.TRANSMIT_USUAL,
)
# What is usual is found from a sample every half hour, on the clock's half hours.
_WEEK, _HALF_HOUR = 7 * 86_400, 1_800
# The longest window of an alert on budgets.
_LONGEST = int(max(Duration.parse(window) for window in names.OBJECTIVE_BURN).seconds)


def host_series(rendered: Document, instances: Iterable[Instance]) -> list[Document]:
    """Each recorded series, the value in bytes per second; its keys are those of a backfill."""
    common = _external(rendered)
    tags = _tag_labels(rendered)
    return [
        {
            "name": name,
            "labels": {**common, **{label: instance.tags[tag] for tag, label in tags.items()}},
            "value": REST_BYTES_PER_SECOND * host_scale(instance.name),
            "every": _HALF_HOUR,
            "span": _WEEK,
        }
        for instance in instances
        for name in _SERIES
    ]


def objective_series(
    rendered: Document,
    workloads: Mapping[str, Workload],
    rules: Iterable[Document],
    promised: Iterable[Document],
) -> list[Document]:
    """What was recorded of each objective, of which nothing failed: a whole window is known.

    Nothing where the rules record none of it.
    """
    every = _recorded_every(rules)
    if names.OBJECTIVE_REQUESTS not in every:
        return []
    probed = 1 / scrape_seconds(rendered)
    common = _external(rendered)
    return [
        {
            "name": name,
            "labels": common | {labels.SERVICE: one["service"], labels.OBJECTIVE: one["objective"]},
            "value": value,
            "every": int(every[name].seconds),
            "span": span,
        }
        for one in promised
        if (rate := _asked(one["requests"], workloads) if one["requests"] else probed) > 0
        for name, value, span in _recorded_of(one, rate, every)
    ]


def _recorded_of(
    one: Document, rate: float, every: Mapping[str, Duration]
) -> Iterator[tuple[str, float, int]]:
    """Each series of an objective by what it records: its value, and for how many seconds."""
    window: int = one["window_seconds"]
    yield names.OBJECTIVE_REQUESTS, rate, _LONGEST
    yield names.OBJECTIVE_FAILURES, 0, _LONGEST
    yield (
        names.OBJECTIVE_REQUESTS_COUNTED,
        rate * every[names.OBJECTIVE_REQUESTS_COUNTED].seconds,
        window,
    )
    yield names.OBJECTIVE_FAILURES_COUNTED, 0, window
    yield names.OBJECTIVE_SEEN, 1, _WEEK
    yield names.OBJECTIVE_SPENT, 0, _WEEK
    yield names.OBJECTIVE_LEFT, rate * window * (1 - one["target"]), _WEEK


def _asked(requests: Iterable[Document], workloads: Mapping[str, Workload]) -> float:
    """How many of these requests there are a second while all is well."""
    counted = [
        Requests(
            service=each["service"], reporter=Reporter(each["reporter"]), caller=each["caller"]
        )
        for each in requests
    ]
    return sum(
        flow.rate
        for flow in flows(workloads, {})
        if any(each.has(flow.caller.name, flow.callee.name, flow.reporter) for each in counted)
    )


def _recorded_every(rules: Iterable[Document]) -> dict[str, Duration]:
    """How often each series is recorded, by the rule files."""
    return {
        rule["record"]: Duration.parse(group["interval"])
        for document in rules
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def _external(rendered: Document) -> dict[str, str]:
    """The labels that every series has, as the collector is configured."""
    return {
        label: value
        for label, value in rendered["global"]["external_labels"].items()
        if not label.startswith("__")
    }


def _tag_labels(rendered: Document) -> dict[str, str]:
    """Tag to label, as the discovery of instances copies them; `instance` is aggregated away."""
    return {
        rule["source_labels"][0].removeprefix(_TAG): rule["target_label"]
        for job in rendered["scrape_configs"]
        if _NODE_JOBS in job
        for rule in job["relabel_configs"]
        if len(rule.get("source_labels", ())) == 1
        and rule["source_labels"][0].startswith(_TAG)
        and rule["target_label"] != "instance"
    }
