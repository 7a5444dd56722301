"""The page on the stack file has every key, what may stand there, and examples that are sound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gallery.contact_points.kinds import KINDS
from gallery.contact_points.model import Engine
from gallery.metrics.timings import FailureMode
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from gallery.stack_file.sections import Settings
from gallery.store.roles import ROLE_NAMES, Severity
from offline.render import PROJECT
from tests.unit.pages import DOCS, code, section
from tests.unit.stack_files import bounds_of_endpoint_down, planned, with_value

STACK_FILE = DOCS / "stack-file.md"
# Of `a.b`, without the name or the number that a user chooses.
_ROW = re.compile(r"^\| `([a-z_:-]+(?:\[\]|\.<\w+>|\.[a-z_]+)*)` \| .* \|(.*)\|$", re.MULTILINE)


def models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def keys(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    """Every key that a stack file may have, lists as `[]`, free names as `<name>`."""
    for name, field in model.model_fields.items():
        here = f"{path}{name}"
        inner = list(models(field.annotation))
        if here == "alerting.roles":
            yield f"{here}.<role>", field
        elif not inner:
            yield here, field
        else:
            free = "<alert>" if name == "overrides" else "<name>"
            origin = get_origin(field.annotation)
            step = "[]" if origin is list else f".{free}" if origin is dict else ""
            for each in inner:
                yield from keys(each, f"{here}{step}.")


def test_the_page_on_the_stack_file_has_every_key_and_no_other() -> None:
    known = {"aws:region" if key == "region" else key for key, _ in keys(Settings, "")}
    listed = {key for key, _ in _ROW.findall(section(STACK_FILE, "Keys"))}
    assert listed - {"pulumi:disable-default-providers"} == known


def default(field: FieldInfo) -> str:
    value: object = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def test_the_page_on_the_stack_file_has_the_defaults_that_hold() -> None:
    listed = dict(_ROW.findall(section(STACK_FILE, "Keys")))
    for key, field in keys(Settings, ""):
        said = listed["aws:region" if key == "region" else key].strip("` ")
        if field.is_required():
            # Which contact point needs what is said in its own row, and the kinds of clusters too.
            assert said.startswith("required"), key
        elif key == "prometheus.retention":
            assert said == f"{default(field)}d"
        elif key.startswith("mesh.proxy."):
            assert said == f"{default(field)}{'m' if '.cpu_' in key else 'Mi'}"
        elif key.endswith("oidc_provider"):
            assert said == "required there"
        elif field.get_default() is None:
            assert said == "", key
        else:
            assert said == default(field), key


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("alerting.engine", Engine),
        ("alerting.contact_points.<name>.kind", KINDS),
        ("alerting.overrides.<alert>.severity", Severity),
    ],
)
def test_the_page_on_the_stack_file_names_every_choice(key: str, choices: Iterable[str]) -> None:
    [row] = [
        line for line in section(STACK_FILE, "Keys").splitlines() if line.startswith(f"| `{key}`")
    ]
    assert not [choice for choice in choices if f"`{choice}`" not in row]


def test_the_excerpt_of_dev_is_what_stands_there() -> None:
    stack = (PROJECT / "stacks" / "Pulumi.dev.yaml").read_text()
    assert code("yaml", STACK_FILE.read_text().partition("\n## ")[0]) in stack


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_page_on_the_stack_file_names_every_role(role: str) -> None:
    assert f"`{role}`" in section(STACK_FILE, "Keys")


def test_the_example_for_openshift_is_what_stands_there() -> None:
    stack = (PROJECT / "stacks" / "Pulumi.openshift.yaml").read_text()
    assert code("yaml", section(STACK_FILE, "OpenShift")) in stack


def test_the_bounds_in_words_are_those_that_hold() -> None:
    text = (DOCS / "adr" / "0002-time-to-page.md").read_text()
    bounds = bounds_of_endpoint_down(planned())
    refused, hanging = bounds[FailureMode.REFUSED], bounds[FailureMode.HANGING]
    assert (
        f"For EndpointDown in `dev` this is {refused[0]:g} s to page and {refused[1]:g} s to "
        f"resolve where the port refuses, {hanging[0]:g} s and {hanging[1]:g} s where it hangs."
    ) in text
    config = with_value("alerting.engine", "alertmanager")
    del config["gallery:monitoring"]["evaluate"]
    config["gallery:monitoring"]["group_wait"] = "61s"
    config["gallery:alerting"]["contact_points"]["chat"] = {"kind": "sns"}
    slower, _ = bounds_of_endpoint_down(resolve(parse(config)))[FailureMode.REFUSED]
    words = f"a bound of {slower:g} s to page instead of {refused[0]:g} s"
    assert words in section(STACK_FILE, "Engine `alertmanager`")
