"""YAML and JSON files, in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from gallery.render.documents import json_text, yaml_text

# A document whose shape another program defines.
Document = dict[str, Any]
# libyaml, where PyYAML has it: a stack renders more than a hundred files.
YAML_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """The only document of a YAML file."""
    return yaml.load(path.read_text(), Loader=YAML_LOADER)  # noqa: S506 - both are safe


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """The value of a JSON file."""
    return json.loads(path.read_text())


def write_yaml(path: Path, value: object) -> None:
    """Write with sorted keys; directories are made."""
    write_text(path, yaml_text(value))


def write_json(path: Path, value: object) -> None:
    """Write with sorted keys; directories are made."""
    write_text(path, json_text(value))


def write_text(path: Path, text: str) -> None:
    """Write a file; directories are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
