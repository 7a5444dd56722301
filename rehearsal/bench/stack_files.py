"""Stack files that nobody wrote: drawn from the schema, and the shipped ones spoilt.

Each is read as a deployment reads it. Whatever is drawn, a person is answered in words that name
a key, and what is accepted is rendered whole.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gallery.contact_points.model import Engine
from gallery.plan.instance_types import architecture
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render import grafana
from gallery.render.alertmanager import Addresses, definition
from gallery.render.blackbox import blackbox_config
from gallery.render.cloud_init import user_data
from gallery.render.collector import collector_config
from gallery.render.next_steps import next_steps
from gallery.render.quota import quotas
from gallery.render.reports import reports
from gallery.render.rules import amp_rule_files
from gallery.stack_file.aws_data import INSTANCE_TYPES
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.keys import PREFIX
from gallery.stack_file.parse import parse
from gallery.stack_file.schema import schema
from offline.errors import UserError
from offline.render import PROJECT
from offline.stack_file import known_stacks, read

_SCHEMA = schema()
_SECTIONS: dict[str, Any] = _SCHEMA["properties"]["config"]["properties"]
_POINTS = ("pager", "platform-pager", "chat", "releases", "board", "automation")
_KEPT = 10
_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
_URL = "https://where.gallery.internal"
_NAMES_A_KEY = re.compile(
    r"(gallery|aws|pulumi|grafana|kubernetes):\S|Pulumi\.dev\.yaml|: config|is read by nobody"
    # However it is mistyped: it may begin with a space.
    r"|gallery:.* is not a known key"
)
_NO_WORDS = re.compile(r"list\[|dict\[|<class|pydantic|Traceback|NoneType|object at 0x")
_ODD: tuple[object, ...] = (
    *(None, "", 0, -1, 1, 10**30, 1e308, 0.5, True),
    *json.loads('[[], {}, [null], [[]], {"": ""}, {"secure": "x"}]'),
    *("x", "010", "é", "\u2028", "a\nb", "#", "~", "0s", "400d", "30", "10ms", "x" * 5000, "{}"),
    *("arn:aws:sns:eu-west-1:123456789012:x", "a@b.org", "pagerduty", "page", "$(id)", "{{ . }}"),
)


@dataclass(kw_only=True)
class Tally:
    """What became of the files: how many were accepted, and what the others were told."""

    accepted: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list[str])
    largest: list[Plan] = field(default_factory=list[Plan])
    words: Counter[str] = field(default_factory=Counter[str])

    def keep(self, plan: Plan) -> None:
        """Keep the largest plans, for programs that are slow to ask."""
        known = sorted([*self.largest, plan], key=lambda one: len(json.dumps(reports(one))))
        self.largest = known[-_KEPT:]


def drawn(node: dict[str, Any], key: str = "") -> SearchStrategy[Any]:
    """Values that a part of the schema allows; names and types are those that exist."""
    several: list[dict[str, Any]] = node.get("anyOf") or node.get("oneOf") or []
    if several:
        return st.one_of([drawn(each, key) for each in several if each.get("type") != "null"])
    if "$ref" in node:
        return drawn(_definition(node), key)
    words: list[Any] = [node["const"]] if "const" in node else node.get("enum", [])
    return st.sampled_from(words) if words else _drawn_of_type(node, key)


def _definition(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = _SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _drawn_of_type(node: dict[str, Any], key: str) -> SearchStrategy[Any]:
    match node.get("type"):
        case "object":
            return _drawn_object(node)
        case "array":
            return st.lists(drawn(node["items"], key), min_size=node.get("minItems", 0), max_size=4)
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            least, most = node.get("minimum", 0), node.get("maximum", 1000)
            return st.integers(least, min(most, least + 50))
        case _:
            return _drawn_text(node, key)


def _drawn_object(node: dict[str, Any]) -> SearchStrategy[Any]:
    if "properties" not in node:
        names = node.get("propertyNames", {"type": "string", "pattern": "[a-z]{1,8}"})
        values = drawn(node.get("additionalProperties", {}), "names")
        return st.dictionaries(drawn(names), values, max_size=3)
    required = node.get("required", [])
    parts = {name: drawn(part, name) for name, part in node["properties"].items()}
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )


def _drawn_text(node: dict[str, Any], key: str) -> SearchStrategy[Any]:
    if key == "instance_type":
        return st.sampled_from(INSTANCE_TYPES.split())
    if key == "names":
        return st.sampled_from(_POINTS)
    if "pattern" in node:
        return st.from_regex(node["pattern"], fullmatch=True, alphabet=st.characters(codec="ascii"))
    return st.text(max_size=20)


@st.composite
def stack_files(draw: DrawFn) -> str:
    """The text of a stack file."""
    shipped = draw(st.sampled_from(_SHIPPED))
    whole = deepcopy(shipped)
    for _ in range(draw(st.integers(0, 3))):
        draw(st.sampled_from(_CHANGES))(draw, whole["config"])
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
    return _spoilt(draw, text) if draw(st.integers(0, 4)) == 0 else text


def _section(draw: DrawFn, config: dict[str, Any]) -> None:
    """Another value of a whole section, as its schema allows."""
    key = draw(st.sampled_from(sorted(_SECTIONS)))
    config[key] = draw(drawn(_SECTIONS[key], key.removeprefix(PREFIX)))


def _part_of_a_section(draw: DrawFn, config: dict[str, Any]) -> None:
    """Another value of one key of a section."""
    key = draw(st.sampled_from(sorted(_SECTIONS)))
    node, here = _definition(_SECTIONS[key]), config.get(key)
    if isinstance(here, dict) and node.get("properties"):
        name = draw(st.sampled_from(sorted(node["properties"])))
        here[name] = draw(drawn(node["properties"][name], name))


def _override(draw: DrawFn, config: dict[str, Any]) -> None:
    alerting = config.get("gallery:alerting")
    if isinstance(alerting, dict):
        node = _SCHEMA["$defs"]["Alerting"]["properties"]["overrides"]
        alerting["overrides"] = draw(drawn(node, "overrides"))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Every key and index below a value."""
    parts = (
        cast("dict[Any, Any]", value).items()
        if isinstance(value, dict)
        else enumerate(cast("list[Any]", value))
        if isinstance(value, list)
        else ()
    )
    return [place for key, part in parts for place in ((*path, key), *_places(part, (*path, key)))]


def _somewhere(draw: DrawFn, config: dict[str, Any]) -> tuple[Any, Any]:
    """A mapping or list, and a key or index of it."""
    *path, last = draw(st.sampled_from(_places(config) or [("gallery:hosts",)]))
    here: Any = config
    for step in path:
        here = here[step]
    return here, last


def _has(here: Any, key: Any) -> bool:  # noqa: ANN401
    return isinstance(here, list) or key in here


def _odd(draw: DrawFn, config: dict[str, Any]) -> None:
    here, key = _somewhere(draw, config)
    here[key] = deepcopy(draw(st.sampled_from(_ODD)))


def _gone(draw: DrawFn, config: dict[str, Any]) -> None:
    here, key = _somewhere(draw, config)
    if _has(here, key):
        del here[key]


def _mistyped(draw: DrawFn, config: dict[str, Any]) -> None:
    here, key = _somewhere(draw, config)
    if isinstance(key, str) and _has(here, key):
        at = draw(st.integers(0, len(key)))
        slip = draw(st.sampled_from(["", "x", ":", "-", " "]))
        here[key[:at] + slip + key[at + 1 :]] = here.pop(key)


def _twice(draw: DrawFn, config: dict[str, Any]) -> None:
    here, key = _somewhere(draw, config)
    if isinstance(key, int):
        here.append(deepcopy(here[key]))


def _moved(draw: DrawFn, config: dict[str, Any]) -> None:
    """A value in the place of another."""
    (here, key), (there, other) = _somewhere(draw, config), _somewhere(draw, config)
    if _has(here, key):
        there[other] = deepcopy(here[key])


_Change = Callable[[DrawFn, dict[str, Any]], None]
_CHANGES: tuple[_Change, ...] = (
    *(_section, _part_of_a_section, _part_of_a_section, _override, _override),
    *(_odd, _odd, _gone, _mistyped, _twice, _moved),
)
_DAMAGE = (
    "&a ",
    "*a",
    "<<: *a",
    "\t",
    ": ",
    "- ",
    "[",
    "}",
    "#",
    "'",
    "!x ",
    "? ",
    "\n",
    "010",
    "%",
)


def _spoilt(draw: DrawFn, text: str) -> str:
    """The text with a line lost, said twice, moved in or damaged."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["lost", "twice", "in", "out", "damaged"])):
            case "lost" if len(lines) > 1:
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "in":
                lines[at] = f"  {lines[at]}"
            case "out":
                lines[at] = lines[at].strip()
            case _:
                column = draw(st.integers(0, len(lines[at])))
                damage = draw(st.sampled_from(_DAMAGE))
                lines[at] = lines[at][:column] + damage + lines[at][column:]
    return "\n".join(lines)


def judge(text: str, project: Path, tally: Tally) -> None:
    """Read one file, and render what is accepted. What is answered badly is kept with its file."""
    (project / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    try:
        plan = _read(project, tally)
        if plan is not None:
            tally.accepted += 1
            rendered(plan)
            tally.keep(plan)
    except Exception as error:  # noqa: BLE001 - every one is a finding
        tally.failures.append(f"{type(error).__name__}: {error}\nof this file:\n{text}")


def _read(project: Path, tally: Tally) -> Plan | None:
    """The plan; None where the file is refused, as it must be: in words that name a key."""
    try:
        found = read(project, "dev")
        return resolve(parse(found.values(), found.secret_keys))
    except (UserError, StackFileError) as error:
        tally.refused += 1
        errors = error.errors if isinstance(error, StackFileError) else _lines(str(error))
    _told_in_words(errors)
    tally.words.update(re.sub(r"[\"'\[(\d].*", "", words)[:60] for words in errors)
    return None


def _lines(text: str) -> tuple[str, ...]:
    found = tuple(line[4:] for line in text.splitlines() if line.startswith("  - "))
    return found or (text,)


def _told_in_words(errors: tuple[str, ...]) -> None:
    if not errors:
        raise AssertionError("refused without a word")
    for words in errors:
        if not _NAMES_A_KEY.search(words):
            raise AssertionError(f"names no key: {words}")
        if _NO_WORDS.search(words):
            raise AssertionError(f"speaks of Python: {words}")


def rendered(plan: Plan) -> dict[str, str]:
    """Everything that the plan alone decides, each document read back once."""
    every = plan.every_contact_point
    topics, secrets = dict.fromkeys(every, "arn:aws:sns:x:1:y"), dict.fromkeys(every, "arn:aws:x")
    addresses = Addresses(topics=topics, secrets=secrets, grafana_url=_URL)
    documents = {
        "alertmanager": definition(plan, addresses),
        "collector": collector_config(plan, remote_write_url=_URL, grafana_url=_URL),
        "blackbox": blackbox_config(plan),
        **{f"rules/{name}": text for name, text in amp_rule_files(plan).items()},
    }
    for kind in {architecture(host.instance_type) for host in plan.hosts}:
        documents[f"user-data/{kind}"] = user_data(kind)
    _refuse_empty(documents, partial(yaml.load, Loader=yaml.CSafeLoader))
    values = {
        "reports": reports(plan),
        "quota": [asdict(each) for each in quotas(plan)],
        "steps": next_steps(plan, _URL),
    }
    if plan.engine is Engine.GRAFANA:
        points = grafana.contact_points(plan, dict.fromkeys(plan.secrets, "secret"), topics)
        values["points"] = points
        values["policies"] = grafana.policies(plan, {name: name for name in points})
        values["grafana"] = grafana.rule_groups(plan)
    # What goes to a provider as JSON, which names some characters as YAML does not.
    answers = {name: json.dumps(value) for name, value in values.items()}
    answers["settings"] = grafana.datasource_settings(plan)
    _refuse_empty(answers, json.loads)
    return documents | answers


def _refuse_empty(documents: Mapping[str, str], read: Callable[[str], object]) -> None:
    for name, text in documents.items():
        if not read(text):
            raise AssertionError(f"{name} is empty")


def play(count: int) -> Tally:
    """Draw so many files, always the same ones, and judge each."""
    tally = Tally()
    with TemporaryDirectory() as directory:
        project = Path(directory)
        (project / "stacks").mkdir()

        @settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=_SLOW_IS_FINE,
        )
        @given(stack_files())
        def each(text: str) -> None:
            judge(text, project, tally)

        each()
    return tally


def _shipped() -> list[dict[str, Any]]:
    names = known_stacks(PROJECT)
    files = [PROJECT / "stacks" / f"Pulumi.{name}.yaml" for name in names]
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]


_SHIPPED = _shipped()
