"""The `deployed/` tree: everything a recording would put into a cloud, as files a person can read.

What stands in a file is taken from the resources as they were registered, so a error between
render and component shows here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gallery.render.documents import json_text, yaml_text
from offline.monitor import Recording, Resource

RELEASE = "kubernetes:helm.sh/v3:Release"
# Files of configuration inside a ConfigMap that are documents of their own.
_COLLECTOR_FILES = {
    "prometheus.yml": "collector/prometheus.yml",
    "blackbox.yml": "collector/blackbox.yml",
}


def documents(recording: Recording) -> dict[str, str]:
    """Path within the tree to text, the same bytes for the same program."""
    files = {"resources.json": json_text([_entry(one) for one in _sorted(recording)])}
    for part in (
        _kubernetes,
        _collector,
        _prometheus,
        _grafana,
        _hosts,
    ):
        files.update(part(recording))
    outputs = recording.stack_outputs
    for name, path in (
        ("times_to_page", "times-to-page.json"),
        ("contact_points", "contact-points.json"),
        ("objectives", "objectives.json"),
    ):
        if name in outputs:
            files[path] = json_text(outputs[name])
    return dict(sorted(files.items()))


def _sorted(recording: Recording) -> list[Resource]:
    return sorted(recording.resources, key=lambda resource: resource.urn)


def _entry(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        # The id after the provider's URN differs from run to run.
        "provider": resource.provider.rsplit("::", 1)[0],
        "inputs": resource.inputs,
        "dependencies": list(resource.dependencies),
        "secrets": list(resource.secrets),
        "options": resource.options,
    }


def _kubernetes(recording: Recording) -> Iterator[tuple[str, str]]:
    for resource in _sorted(recording):
        if resource.type == RELEASE:
            yield f"releases/{resource.name}.yaml", yaml_text(resource.inputs)
        elif resource.type.startswith("kubernetes:"):
            document = manifest(resource.name, resource.inputs)
            namespace = document["metadata"].get("namespace", "cluster")
            kind = str(document["kind"]).lower()
            path = f"kubernetes/{namespace}/{kind}-{document['metadata']['name']}.yaml"
            yield path, yaml_text(document)


def manifest(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A Kubernetes object of these inputs; `name` is its resource's.

    Where the provider chooses the object's name, it begins with the resource's.
    """
    return {**inputs, "metadata": {"name": name, **inputs.get("metadata", {})}}


def _collector(recording: Recording) -> Iterator[tuple[str, str]]:
    for resource in recording.of("kubernetes:core/v1:ConfigMap"):
        for key, text in resource.inputs.get("data", {}).items():
            if key in _COLLECTOR_FILES:
                yield _COLLECTOR_FILES[key], text


def _prometheus(recording: Recording) -> Iterator[tuple[str, str]]:
    for resource in recording.of("aws:amp/ruleGroupNamespace:RuleGroupNamespace"):
        yield f"prometheus/rules/{resource.inputs['name']}.yaml", resource.inputs["data"]
    for resource in recording.of("aws:amp/alertManagerDefinition:AlertManagerDefinition"):
        yield "prometheus/alertmanager.yaml", resource.inputs["definition"]


def _grafana(recording: Recording) -> Iterator[tuple[str, str]]:
    for resource in recording.of("grafana:oss/dashboard:Dashboard"):
        document = resource.inputs["configJson"]
        yield f"grafana/dashboards/{json.loads(document)['uid']}.json", document
    for resource in recording.of("grafana:alerting/ruleGroup:RuleGroup"):
        yield f"grafana/rules/{resource.inputs['name']}.json", json_text(resource.inputs)
    for type_, name in (
        ("grafana:alerting/contactPoint:ContactPoint", "contact-points"),
        ("grafana:alerting/messageTemplate:MessageTemplate", "message-templates"),
        ("grafana:oss/dataSource:DataSource", "datasources"),
    ):
        found: list[Mapping[str, Any]] = [one.inputs for one in recording.of(type_)]
        if found:
            inputs = sorted(found, key=lambda one: str(one["name"]))
            yield f"grafana/{name}.json", json_text(inputs)
    for resource in recording.of("grafana:alerting/notificationPolicy:NotificationPolicy"):
        yield "grafana/policies.json", json_text(resource.inputs)


def _hosts(recording: Recording) -> Iterator[tuple[str, str]]:
    for resource in recording.of("aws:ec2/instance:Instance"):
        name = resource.inputs["tags"]["Name"]
        yield f"hosts/{name}/user-data", resource.inputs["userData"]
