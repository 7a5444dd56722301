"""README and its pages say what is so: commands, keys, links, messages, a printed timeline."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gallery.contact_points.model import Engine, Kind
from gallery.metrics.timings import FailureMode
from gallery.plan.resolve import resolve
from gallery.plan.times import REHEARSED
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse, require_secrets
from gallery.stack_file.sections import Settings
from gallery.store.roles import ROLE_NAMES, Severity
from gallery.store.services import SERVICES
from offline.errors import UserError
from offline.render import PROJECT
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.readme import BEGIN, COMMAND, END, SERVICE, rewrite, timeline, with_timeline
from tests.unit.recordings import recorded
from tests.unit.stack_files import errors, planned, values, with_value

README = (PROJECT / "README.md").read_text()
STACK_FILE = (PROJECT / "docs" / "stack-file.md").read_text()
REHEARSAL = (PROJECT / "docs" / "rehearsal.md").read_text()
GUIDE = f"{README}\n{STACK_FILE}\n{REHEARSAL}"
DECISIONS = sorted((PROJECT / "docs" / "adr").glob("0*.md"))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
# Of `a.b`, without the name or the number that a user chooses.
_ROW = re.compile(r"^\| `([a-z_:-]+(?:\[\]|\.<\w+>|\.[a-z_]+)*)` \| .* \|(.*)\|$", re.MULTILINE)


def documents() -> list[Path]:
    return [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]


def commands(program: str) -> list[list[str]]:
    """The words after `program` wherever the guide has it as a command."""
    blocks = [text for language, text in _FENCE.findall(GUIDE) if language == "sh"]
    lines = [line for text in blocks for line in re.split(r"\n|&&", text.replace("\\\n", " "))]
    spans: list[str] = _SPAN.findall(_FENCE.sub("", GUIDE))
    given = (text.strip().removeprefix(".venv/bin/") for text in (*lines, *spans))
    return [
        text.partition("#")[0].split()[len(program.split()) :]
        for text in given
        if text.startswith(f"{program} ")
    ]


def section(title: str, page: str = README) -> str:
    _, found, rest = page.partition(f"\n## {title}\n")
    assert found, title
    return rest.partition("\n## ")[0]


def code(language: str, text: str) -> str:
    """The one block in this language in a section."""
    [block] = [block for each, block in _FENCE.findall(text) if each == language]
    return str(block)


def test_every_target_of_make_that_is_named_exists_and_every_one_that_exists_is_named() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    named = {word for words in commands("make") for word in words if "=" not in word}
    assert named | {"help"} == targets | {"help"}


@cache
def usage(subcommand: str) -> str:
    command = [sys.executable, "-m", "rehearsal", subcommand, "--help"]
    run = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_command_of_the_rehearsal_that_is_named_exists_with_its_options() -> None:
    named = commands("python -m rehearsal")
    assert {words[0] for words in named} == {
        "render", "up", "drill", "status", "down", "tools",
    }  # fmt: skip
    for subcommand, *words in named:
        for option in (word for word in words if word.startswith("-")):
            assert option in usage(subcommand), (subcommand, option)


def test_every_drill_that_is_named_can_be_played() -> None:
    named = {words[1] for words in commands("python -m rehearsal") if words[0] == "drill"}
    assert len(named) > 3
    assert named <= {scenario.name for scenario in SCENARIOS} | {"list", "all"}


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
    listed = {key for key, _ in _ROW.findall(section("Keys", STACK_FILE))}
    assert listed - {"pulumi:disable-default-providers"} == known


def default(field: FieldInfo) -> str:
    value: object = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def test_the_page_on_the_stack_file_has_the_defaults_that_hold() -> None:
    listed = dict(_ROW.findall(section("Keys", STACK_FILE)))
    for key, field in keys(Settings, ""):
        said = listed["aws:region" if key == "region" else key].strip("` ")
        if field.is_required():
            # Which contact point needs what is said in its own row, and the kinds of clusters too.
            assert said.startswith("required"), key
        elif key == "prometheus.retention":
            assert said == f"{default(field)}d"
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
        ("alerting.contact_points.<name>.kind", Kind),
        ("alerting.overrides.<alert>.severity", Severity),
    ],
)
def test_the_page_on_the_stack_file_names_every_choice(key: str, choices: Iterable[str]) -> None:
    [row] = [
        line for line in section("Keys", STACK_FILE).splitlines() if line.startswith(f"| `{key}`")
    ]
    assert not [choice for choice in choices if f"`{choice}`" not in row]


def test_the_excerpt_of_dev_is_what_stands_there() -> None:
    stack = (PROJECT / "stacks" / "Pulumi.dev.yaml").read_text()
    assert code("yaml", section("The stack file")) in stack


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_page_on_the_stack_file_names_every_role(role: str) -> None:
    assert f"`{role}`" in section("Keys", STACK_FILE)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target, anchor in _LINK.findall(path.read_text()):
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text()), f"{target}#{anchor}"


def test_the_links_of_readme_are_seen() -> None:
    assert len(_LINK.findall(README)) > 20


def test_the_timeline_is_that_of_a_drill_which_passed() -> None:
    lines = timeline(README)
    scenario = next(each for each in SCENARIOS if each.name == "endpoint-down")
    assert lines[0] == f"$ {COMMAND}"
    assert lines[1] == f"{scenario.name}: {scenario.summary}"
    assert lines[2].startswith("stack dev; at most ")
    assert re.fullmatch(r"endpoint-down passed in (\d+ min )?\d+ s", lines[-1])


def test_the_timeline_tells_an_outage_from_its_beginning_to_its_end() -> None:
    events = [
        (float(match[1]), match[2])
        for line in timeline(README)
        if (match := re.fullmatch(r"\+ *(\d+\.\d) s  (.+)", line))
    ]
    story = (
        f"{SERVICE} refuses connections",
        f"the probe of {SERVICE} fails",
        f"EndpointDown {SERVICE} is pending",
        rf"EndpointDown {SERVICE} fires, held for 30 s",
        r"a page is delivered to .*pager \(pagerduty\).*",
        f"{SERVICE} accepts connections again",
        f"the probe of {SERVICE} succeeds again",
        r"a resolve is delivered to .*pager \(pagerduty\).*",
    )
    times = [next(at for at, text in events if re.fullmatch(each, text)) for each in story]
    assert times[0] == 0.0
    assert times == sorted(times)
    hold = next(each.hold.seconds for each in planned().alerts if each.name == "EndpointDown")
    assert times[3] - times[2] >= hold - 0.1


def test_the_timeline_quotes_the_page_as_the_stack_writes_it() -> None:
    quoted = [line.partition("| ")[2] for line in timeline(README) if line.startswith("      ")]
    service = next(each for each in SERVICES if each.name == SERVICE)
    alert = next(each for each in planned().alerts if each.name == "EndpointDown")
    assert quoted[0] == f"FIRING EndpointDown {SERVICE}"
    assert f"Customers: {service.impact.sentence()}" in quoted
    assert f"Runbook: {alert.annotations['runbook_url']}" in quoted


def bounds() -> dict[FailureMode, tuple[float, float]]:
    """Of EndpointDown in `dev`, as rehearsed, in seconds."""
    return {
        bound.scenario: (bound.page.seconds, bound.resolve.seconds)
        for bound in planned().bounds
        if bound.alert == "gallery-endpoint-down" and bound.assumptions == REHEARSED.name
    }


def test_the_timeline_measures_against_the_bounds_that_hold() -> None:
    rows = [line for line in timeline(README) if re.match(rf"EndpointDown {SERVICE}  ", line)]
    alert = next(each for each in planned().alerts if each.name == "EndpointDown")
    told = planned().points[alert.owner][alert.severity]
    assert {row.split()[2] for row in rows} == set(told)
    for row in rows:
        numbers = [float(each) for each in re.findall(r"(\d+\.\d) s", row)]
        delivered, page, resolved, resolve = numbers
        assert (page, resolve) == bounds()[FailureMode.REFUSED]
        assert 0 < delivered <= page
        assert 0 < resolved <= resolve


def test_a_drill_that_failed_leaves_readme_as_it_was(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")

    def play(write: object) -> bool:
        assert callable(write)
        write("new")
        return False

    assert not rewrite(readme, play)
    assert "old" in readme.read_text()


def test_what_was_printed_stands_between_the_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")

    def play(write: object) -> bool:
        assert callable(write)
        write("+   0.0 s  it breaks ")
        return True

    assert rewrite(readme, play)
    text = readme.read_text()
    assert timeline(text) == (f"$ {COMMAND}", "+   0.0 s  it breaks")
    assert text.startswith("a\n")
    assert text.endswith("b\n")
    assert "old" not in text


def test_a_readme_without_markers_is_said_to_have_none() -> None:
    with pytest.raises(UserError, match="no place between"):
        with_timeline("a", ["b"])


def test_the_missing_secrets_of_prod_are_quoted_as_the_program_says_them() -> None:
    settings = parse(values("prod"))
    with pytest.raises(StackFileError) as raised:
        require_secrets(settings, ())
    assert f"error: {raised.value}\n" in [text for _, text in _FENCE.findall(section("Deploying"))]


@pytest.mark.parametrize(
    "right",
    [
        "iam:PassRole",
        "kms:CreateGrant",
        "logs:CreateLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
        "organizations:DescribeOrganization",
        "sso:CreateManagedApplicationInstance",
        "sso:DeleteManagedApplicationInstance",
    ],
)
def test_a_right_that_no_resource_is_named_after_is_listed(right: str) -> None:
    """What AWS demands beside the rights on what is made."""
    rights = section("Deploying").partition("### 2. Rights")[2].partition("\n### ")[0]
    assert f"`{right}`" in rights


def test_the_number_of_resources_is_the_one_that_dev_registers() -> None:
    # The stack is one too, and no registration of the program's.
    count = len(recorded("dev").resources) + 1
    assert f"`dev` makes {count} resources." in section("Deploying")


def test_the_refusal_of_an_existing_grafana_is_quoted_as_the_program_says_it() -> None:
    [error] = errors(with_value("grafana", {"existing": "g-0123456789"}))
    assert code("text", section("Adopting and upgrading")) == f"{error}\n"


@pytest.mark.parametrize(
    ("path", "value", "stack"),
    [
        ("monitoring.scrap", "5s", "dev"),
        ("monitoring.scrape", 5, "dev"),
        ("network", {"cidr": "10.40.0.0/16"}, "dev"),
        ("alerting.roles.incident-response", ["chat"], "prod"),
        ("slack-webhook", "https://hooks.slack.com/services/T/B/x", "dev"),
    ],
)
def test_a_fault_of_a_stack_file_stands_in_troubleshooting_as_it_is_said(
    path: str, value: object, stack: str
) -> None:
    quoted: list[str] = _SPAN.findall(section("Troubleshooting"))
    known = [text.partition("…")[0].rstrip() for text in quoted if len(text) > 20]
    said = errors(with_value(path, value, stack))
    assert any(error.startswith(text) for error in said for text in known)


def test_the_example_for_openshift_is_a_sound_one() -> None:
    example = code("yaml", section("OpenShift", STACK_FILE))
    network = re.search(r"egress_cidrs: \[(.*)\]", example)
    provider = re.search(r"oidc_provider: (\S+)", example)
    assert network
    assert provider
    existing = {
        "platform": "openshift",
        "kubeconfig": {"secret": "kubeconfig", "context": "gallery"},
        "oidc_provider": provider[1],
        "egress_cidrs": [network[1]],
    }
    assert resolve(parse(with_value("cluster.existing", existing))).cluster.platform == "openshift"


def test_the_bounds_in_words_are_those_that_hold() -> None:
    text = (PROJECT / "docs" / "adr" / "0002-time-to-page.md").read_text()
    refused, hanging = (bounds()[each] for each in (FailureMode.REFUSED, FailureMode.HANGING))
    assert (
        f"For EndpointDown in `dev` this is {refused[0]:g} s to page and {refused[1]:g} s to "
        f"resolve where the port refuses, {hanging[0]:g} s and {hanging[1]:g} s where it hangs."
    ) in text
    config = with_value("alerting.engine", "alertmanager")
    del config["gallery:monitoring"]["evaluate"]
    config["gallery:monitoring"]["group_wait"] = "61s"
    config["gallery:alerting"]["contact_points"]["chat"] = {"kind": "sns"}
    slower = [
        bound.page.seconds
        for bound in resolve(parse(config)).bounds
        if (bound.alert, bound.scenario, bound.assumptions)
        == ("gallery-endpoint-down", FailureMode.REFUSED, REHEARSED.name)
    ]
    words = f"a bound of {slower[0]:g} s to page instead of {refused[0]:g} s"
    assert words in section("Engine `alertmanager`", STACK_FILE)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_stands_in_the_list(path: Path) -> None:
    text = path.read_text()
    number, _, _ = path.stem.partition("-")
    title = text.splitlines()[0].removeprefix(f"# {number} ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"| [{number}]({path.name}) | {title} |" in (path.parent / "README.md").read_text()
