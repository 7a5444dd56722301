"""Every alert has a runbook that a woken person can use, and no runbook lacks its alert."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import promql_parser as parser
import pytest

from gallery.alerts import ALERTS
from gallery.alerts.endpoints import ENDPOINT_PROBE_MISSING
from gallery.alerts.model import Alert
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.collector import collector_config
from gallery.stack_file.parse import parse
from gallery.store.services import ENTRANCE, SERVICES
from tests.rules.contract import faults, metrics, selectors
from tests.unit.pages import SPAN
from tests.unit.recordings import recorded
from tests.unit.stack_files import planned, with_value

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
HEADINGS = [
    "What customers see",
    "First look",
    "Likely causes",
    "Mitigation",
    "Whom else to call",
]
_BLOCK = re.compile(r"```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)
# What a runbook leaves open, and the words that say what to put there. What is left as it stands
# is no query and no command: an empty answer would read as if all were well.
_STACK = (
    'For `<stack>` put `environment="…", cluster="…"` from the page\'s labels or from '
    "`pulumi stack output`."
)
_HOST = 'For `<host>` put the same and the page\'s `host="…"`.'
_OUTPUTS = '`eval "$(pulumi stack output --shell -s …)"` (with your stack\'s name)'
_VARIABLES = {
    "control_plane": "istiod's namespace, `istio-system` unless the stack file says otherwise",
    "domain": "the shop's public name",
    "host": "the page's label",
    "host_group": "the page's label",
    "instance": 'the page\'s label, or that of `up{job="node", <host>}`',
    "service": "the page's label",
}
# The AWS CLI's own.
_KNOWN_VARIABLES = {"AWS_REGION"}
_EVERY_ALERT = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def _text(alert: Alert) -> str:
    return (RUNBOOKS / f"{alert.name}.md").read_text()


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


def _blocks(text: str, language: str) -> list[str]:
    return [block["text"] for block in _BLOCK.finditer(text) if block["language"] == language]


def _commands(text: str, program: str) -> list[list[str]]:
    """The calls of a program in a runbook's blocks, as words."""
    lines = [
        line for block in _blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()
    ]
    return [shlex.split(line) for line in lines if line.startswith(f"{program} ")]


def _asked(text: str) -> list[str]:
    """What a runbook asks AMP itself."""
    commands = _commands(text, "awscurl")
    queries = (command[command.index("-d") + 1].removeprefix("query=") for command in commands)
    return [query.replace("$stack", "<stack>") for query in queries]


def _queries(text: str) -> list[str]:
    """Every query of a runbook, as it stands there."""
    spans = (span for span in SPAN.findall(_BLOCK.sub("", text)) if "<stack>}" in span)
    return [*_blocks(text, "promql"), *_asked(text), *spans]


def _filled(query: str, plan: Plan) -> str:
    """A query with the values of a stack."""
    stack = f'environment="{plan.environment}", cluster="{plan.cluster_name}"'
    host = f'{stack}, host="{plan.hosts[0].name}"'
    return query.replace("<stack>", stack).replace("<host>", host)


def test_alerts_and_runbooks_are_the_same() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert.name for alert in ALERTS}


@_EVERY_ALERT
def test_a_runbook_says_what_a_woken_person_needs(alert: Alert) -> None:
    sections = _sections(_text(alert))
    assert list(sections) == HEADINGS
    assert all(sections.values())
    assert _BLOCK.search(sections["First look"])


@_EVERY_ALERT
def test_a_runbook_begins_with_its_alert_as_the_catalogue_has_it(alert: Alert) -> None:
    hold = f"Fires after {alert.hold}." if alert.hold.milliseconds else "Fires at once."
    assert _text(alert).startswith(
        f"# {alert.name}\n\n{alert.summary}\n\n"
        f"Severity: {alert.severity}. Owner: {alert.owner}. {hold}\n"
    )


@_EVERY_ALERT
def test_a_runbooks_queries_read_what_is_collected_of_the_stack_alone(alert: Alert) -> None:
    another = resolve(parse(with_value("cluster.existing.name", "another", "prod")))
    for query in _queries(_text(alert)):
        for plan in (planned("prod"), another):
            filled = _filled(query, plan)
            # Whoever evaluates writes ALERTS; no job brings it. What is asked of every metric has
            # no name that could be looked up.
            assert metrics(filled) <= {"ALERTS", ""} or not faults(filled), query
            for selector in selectors(parser.parse(filled)):
                matched = {each.name: each.value for each in selector.matchers.matchers}
                assert matched["environment"] == plan.environment, query
                assert matched["cluster"] == plan.cluster_name, query


@_EVERY_ALERT
def test_a_runbooks_queries_are_none_before_somebody_fills_them_in(alert: Alert) -> None:
    for query in _queries(_text(alert)):
        with pytest.raises(ValueError, match=r"unexpected|invalid"):
            parser.parse(query)


@_EVERY_ALERT
def test_a_runbook_says_where_what_it_leaves_open_comes_from(alert: Alert) -> None:
    text = _text(alert)
    assert not _blocks(text, "promql") or _STACK in text
    assert ("<host>" in text) == (_HOST in text)
    assigned = set(re.findall(r"^(\w+)=", "\n".join(_blocks(text, "sh")), re.MULTILINE))
    left_open = set(re.findall(r"\$\{(\w+):\?\}", text)) - assigned - _KNOWN_VARIABLES
    outputs = left_open & set(recorded("prod").stack_outputs)
    said = [f"`{name}=…` ({_VARIABLES[name]})" for name in sorted(left_open - outputs)]
    said += [_OUTPUTS] if outputs else []
    [line] = [line for line in text.splitlines() if line.startswith("Before the commands: ")] or [
        "Before the commands: ."
    ]
    named = line.removeprefix("Before the commands: ").removesuffix(".")
    assert sorted(filter(None, re.split(r"(?<=\)), ", named))) == sorted(said)


@_EVERY_ALERT
def test_a_runbook_holds_no_value_of_one_stack(alert: Alert) -> None:
    plan = planned("prod")
    own = [plan.cluster_name, plan.region, "example.org", *(host.name for host in plan.hosts)]
    shell = "\n".join([*_blocks(_text(alert), "sh"), *SPAN.findall(_BLOCK.sub("", _text(alert)))])
    # Which service is meant, the page says; the one that opens the shop is always the same.
    own += [f"app={service.name}" for service in SERVICES if service.name != ENTRANCE]
    assert not [value for value in own if value in shell]
    # A variable that nobody has set ends the command instead of leaving a gap in it.
    assert set(re.findall(r"\$\{\w+\}", shell)) == set()


@_EVERY_ALERT
def test_a_runbook_that_asks_for_answers_sees_what_hangs(alert: Alert) -> None:
    for query in _queries(_text(alert)):
        read = metrics(_filled(query, planned("prod")))
        assert "probe_success" not in read or "up" in read, query


@_EVERY_ALERT
def test_a_runbooks_commands_are_what_a_shell_can_read(alert: Alert) -> None:
    for block in _blocks(_text(alert), "sh"):
        done = subprocess.run(
            ["bash", "-n"], input=block, text=True, capture_output=True, check=False
        )
        assert not done.stderr, block


@_EVERY_ALERT
def test_a_runbook_undoes_only_what_an_undo_restores(alert: Alert) -> None:
    # Companions read a ConfigMap, and of an earlier configuration there is none any more.
    undone = re.findall(r"rollout undo (\S+?)[`\s]", _text(alert))
    assert set(undone) <= {'"deployment/${service:?}"'}


@_EVERY_ALERT
def test_a_query_past_grafana_is_posted_so_that_nothing_has_to_be_encoded(alert: Alert) -> None:
    text = _text(alert)
    for command in _commands(text, "awscurl"):
        assert command[command.index("-X") + 1] == "POST"
        form = "Content-Type: application/x-www-form-urlencoded"
        assert command[command.index("-H") + 1] == form
        # Of what PromQL is made of, a form changes these alone.
        assert not re.search("[%&+;]", command[command.index("-d") + 1])
        assert command[-1] == "${prometheus_endpoint:?}api/v1/query"


@_EVERY_ALERT
def test_a_runbook_refers_only_to_alerts_that_are_there(alert: Alert) -> None:
    prefixes = (
        "Endpoint|ShopDoor|Objective|Host|Collector|Targets|RemoteWrite|RecordingRules|Grafana"
    )
    named = set(re.findall(rf"\b(?:{prefixes})[A-Z][A-Za-z]+\b", _text(alert)))
    assert named <= {known.name for known in ALERTS}


def test_the_runbook_of_a_missing_probe_shows_every_target() -> None:
    plan = planned("prod")
    config = collector_config(plan, remote_write_url="https://amp", grafana_url="https://grafana")
    [asked] = [
        line for line in _text(ENDPOINT_PROBE_MISSING).splitlines() if "prometheus.yml" in line
    ]
    done = subprocess.run(
        ["bash", "-c", asked.rpartition(" | ")[2]],
        input=config,
        text=True,
        capture_output=True,
        check=True,
    )
    shown = [line.strip(" -") for line in done.stdout.splitlines()]
    assert {target.target for target in plan.probes} <= set(shown)
    assert "job_name: probe" in shown
