"""Structured data as text: built as data, serialised once, with sorted keys."""

from __future__ import annotations

import json

import yaml


class _Dumper(yaml.CSafeDumper):
    """Lines of a text stay lines, and a value that occurs twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML's signature)
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar(  # pyright: ignore[reportUnknownMemberType]
        "tag:yaml.org,2002:str", value, style=style
    )


_Dumper.add_representer(str, _text)


def yaml_text(document: object) -> str:
    """The document as YAML, keys sorted, long lines left whole."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=1_000_000)


def json_text(document: object) -> str:
    """The document as indented JSON, keys sorted, with a final newline."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
