"""The past that a usual band needs: seven quiet days of every host's recorded traffic.

What is written here is a plan; `rehearsal.backfill` makes samples of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from gallery.metrics import names
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.instances import Instance
from rehearsal.world.procfs import REST_BYTES_PER_SECOND, host_scale

_NODE_JOBS = "ec2_sd_configs"
_TAG = "__meta_ec2_tag_"
_SERIES = (
    names.RECEIVE_RATE,
    names.TRANSMIT_RATE,
    names.RECEIVE_USUAL,
    names.TRANSMIT_USUAL,
)


def host_series(rendered: Document, instances: Iterable[Instance]) -> list[Document]:
    """Each recorded series as `{"name", "labels", "value"}`, the value in bytes per second."""
    common: dict[str, str] = {
        label: value
        for label, value in rendered["global"]["external_labels"].items()
        if not label.startswith("__")
    }
    tags = _tag_labels(rendered)
    return [
        {
            "name": name,
            "labels": {**common, **{label: instance.tags[tag] for tag, label in tags.items()}},
            "value": REST_BYTES_PER_SECOND * host_scale(instance.name),
        }
        for instance in instances
        for name in _SERIES
    ]


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
