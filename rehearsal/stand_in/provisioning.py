"""What Grafana itself is provisioned with (`up --grafana`), in the form of its own files.

provisioning/datasources  dashboards  alerting      one file each, alerting several
dashboards/                                         the dashboards as they are deployed

Their form is Grafana's documentation ("Provision Grafana", "Use configuration files to provision
alerting resources") and grafana/grafana `pkg/services/provisioning`. Rules and policies are the
rendered ones in other words; contact points lead to the pager.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline.errors import UserError
from rehearsal.machine.addresses import AMP
from rehearsal.stand_in.contact_points import ANY, Switchboard, integrations
from rehearsal.stand_in.documents import Document, read_json, write_text, write_yaml
from rehearsal.stand_in.grafana_routes import policy_tree
from rehearsal.stand_in.grafana_rules import refuse_unknown
from rehearsal.stand_in.substitutions import Substitutions

TREE = "grafana-server"

_ORGANIZATION = 1
_PROTOCOL = "what Grafana's own notifier speaks, without a credential"
_FOLDER = "grafana:oss/folder:Folder"
# The settings by which requests to AMP are signed.
_SIGNED = re.compile("sigV4.*")
# A rule's words in the file, where they are not the resource's.
_RENAMED = {
    "name": "title",
    "datas": "data",
    "missingSeriesEvalsToResolve": "missing_series_evals_to_resolve",
}
_DASHBOARD, _PANEL = "__dashboardUid__", "__panelId__"


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """From the rendered tree to the stand-in one; what is replaced on the way is noted."""

    deployed: Path
    out: Path
    switchboard: Switchboard
    substitutions: Substitutions

    def write(self) -> None:
        """Fill the directory. Raises UserError for what cannot be led to the pager."""
        self._datasources()
        self._dashboards()
        self._alerting("rules", groups=[*self._groups()])
        self._alerting("contact-points", contactPoints=[*self._contact_points()])
        self._alerting("policies", policies=[self._policies()])
        self._alerting("templates", templates=[*self._templates()])

    def _datasources(self) -> None:
        sources = [_datasource(each) for each in self._read("datasources.json")]
        self._put("datasources/amp.yaml", datasources=sources)
        self.substitutions.add(
            "Grafana's data source for AMP, which signs its requests",
            f"its Prometheus data source, to {AMP}",
            "the one for AMP is a plugin, and there is nobody to sign for",
        )

    def _dashboards(self) -> None:
        place = self.out / "dashboards"
        for path in sorted((self.deployed / "grafana" / "dashboards").glob("*.json")):
            write_text(place / path.name, path.read_text())
        provider = {
            "name": "gallery",
            "orgId": _ORGANIZATION,
            "folder": _plain(self._folder()),
            "type": "file",
            "allowUiUpdates": False,
            "options": {"path": _plain(str(place.resolve()))},
        }
        self._put("dashboards/gallery.yaml", providers=[provider])

    def _groups(self) -> Iterable[Document]:
        folder = self._folder()
        for path in sorted((self.deployed / "grafana" / "rules").glob("*.json")):
            group: Document = read_json(path)
            yield {
                "orgId": _ORGANIZATION,
                "name": _plain(group["name"]),
                "folder": _plain(folder),
                "interval": f"{group['intervalSeconds']}s",
                "rules": [_rule(rule) for rule in group["rules"]],
            }

    def _contact_points(self) -> Iterable[Document]:
        for position, point in enumerate(self._read("contact-points.json")):
            receivers = list[Document]()
            for kind, entry, way in integrations(
                point, self.switchboard, self.substitutions, _PROTOCOL
            ):
                if kind.provisioned is None:
                    raise UserError(
                        f"the contact point {point['name']!r} has one of kind {kind.name}, which "
                        "Grafana itself cannot be made to deliver to the pager; rehearse this "
                        "stack without --grafana"
                    )
                receivers.append(
                    {
                        "uid": f"gallery-{position}-{len(receivers)}",
                        "type": kind.name,
                        "disableResolveMessage": entry.get("disableResolveMessage", False),
                        "settings": kind.provisioned(_without(entry, ANY), way),
                    }
                )
            yield {"orgId": _ORGANIZATION, "name": _plain(point["name"]), "receivers": receivers}

    def _policies(self) -> Document:
        names = {point["name"] for point in self._read("contact-points.json")}
        tree = policy_tree(self._read("policies.json"), names)
        return {"orgId": _ORGANIZATION, **_all_plain(tree)}

    def _templates(self) -> Iterable[Document]:
        for each in self._read("message-templates.json"):
            # Of all texts here the only one in which Grafana replaces nothing.
            yield {"orgId": _ORGANIZATION, "name": each["name"], "template": each["template"]}

    def _folder(self) -> str:
        """The title of the folder that all of it is in."""
        titles = [
            resource["inputs"]["title"]
            for resource in read_json(self.deployed / "resources.json")
            if resource["type"] == _FOLDER
        ]
        if len(titles) != 1:
            raise UserError(f"Grafana has {len(titles)} folders here; rules are in the only one")
        return titles[0]

    def _alerting(self, name: str, **content: list[Document]) -> None:
        self._put(f"alerting/{name}.yaml", **content)

    def _put(self, path: str, **content: list[Document]) -> None:
        write_yaml(self.out / "provisioning" / path, {"apiVersion": 1, **content})

    def _read(self, name: str) -> Any:  # noqa: ANN401 - each file has its own shape
        return read_json(self.deployed / "grafana" / name)


def _datasource(rendered: Document) -> Document:
    settings: Document = json.loads(rendered["jsonDataEncoded"])
    return {
        "orgId": _ORGANIZATION,
        "name": _plain(rendered["name"]),
        "uid": rendered["uid"],
        "type": "prometheus",
        "access": "proxy",
        "url": AMP.url(),
        "editable": False,
        "jsonData": {key: each for key, each in settings.items() if not _SIGNED.fullmatch(key)},
    }


def _rule(rule: Document) -> Document:
    refuse_unknown(rule)
    annotations: dict[str, str] = rule.get("annotations", {})
    translated: Document = {_RENAMED.get(key, key): value for key, value in rule.items()}
    translated |= {
        "title": _plain(rule["name"]),
        "data": [{**each, "model": json.loads(each["model"])} for each in rule["datas"]],
        "labels": _all_plain(rule.get("labels", {})),
        # As they are: from the environment, Grafana takes for `$labels` what stands here.
        "annotations": _without(annotations, {_DASHBOARD, _PANEL}),
    }
    if _DASHBOARD in annotations:
        translated |= {
            "dashboardUid": annotations[_DASHBOARD],
            "panelId": int(annotations[_PANEL]),
        }
    return translated


def _without(document: Document, keys: Iterable[str]) -> Document:
    return {key: value for key, value in document.items() if key not in set(keys)}


def _plain(text: str) -> str:
    """The text as Grafana reads it back, which replaces variables of its environment in it."""
    return text.replace("$", "$$")


def _all_plain(value: Any) -> Any:  # noqa: ANN401 - whatever a document holds
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, list):
        return [_all_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: _all_plain(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
