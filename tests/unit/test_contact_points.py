"""What each kind of contact point owes: a module, a row of the page, the schema, a stand-in."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from gallery.contact_points.kinds import BY_REQUEST, KINDS, deliverable
from gallery.contact_points.model import ContactPoint, Engine, Kind, Means
from gallery.stack_file.schema import schema
from gallery.stack_file.sections import ContactPointSection
from offline.render import PROJECT
from rehearsal.pager.contact_points.kinds import KINDS as PLAYED

SHARED = {"__init__", "kinds", "message", "model"}
HERE, THERE = (
    PROJECT / folder / "contact_points" for folder in ("gallery", Path("rehearsal") / "pager")
)


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} - SHARED


@pytest.mark.parametrize(
    ("folder", "kinds"), [(HERE, set(KINDS)), (THERE, set(PLAYED))], ids=["deployed", "played"]
)
def test_every_module_of_a_kind_is_listed(folder: Path, kinds: set[str]) -> None:
    where = folder.relative_to(PROJECT)
    assert modules(folder) == kinds, f"list each module of {where}/ in {where}/kinds.py"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_rehearsal_plays_the_kind_as_it_is_deployed(kind: Kind) -> None:
    played = PLAYED.get(kind.name)
    assert played, f"add rehearsal/pager/contact_points/{kind.name}.py and list it in kinds.py"
    assert (Engine.ALERTMANAGER in kind.integrations) == (played.amp is not None), (
        f"say in both modules of kind {kind.name} whether AMP delivers to it"
    )


def test_the_rehearsal_plays_no_kind_that_is_not_deployed() -> None:
    assert set(PLAYED) <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_stack_file_can_hold_every_key_of_the_kind(kind: Kind) -> None:
    keys = kind.required | kind.optional
    known = (
        keys & set(ContactPointSection.model_fields) & {one.name for one in fields(ContactPoint)}
    )
    assert keys == known, (
        f"kind {kind.name} has {', '.join(sorted(keys - known))}: give that to ContactPoint "
        "(gallery/contact_points/model.py) and to ContactPointSection "
        "(gallery/stack_file/sections.py), and docs/stack-file.md a row"
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_an_editor_offers_the_kind(kind: Kind) -> None:
    section = schema()["$defs"]["ContactPointSection"]["properties"]
    assert kind.name in section["kind"]["enum"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_page_on_the_stack_file_names_the_kind_and_who_has_its_keys(kind: Kind) -> None:
    page = (PROJECT / "docs" / "stack-file.md").read_text()
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    row = rows["alerting.contact_points.<name>.kind"]
    assert f"`{kind.name}`" in row, f"name `{kind.name}` in the row of kind in docs/stack-file.md"
    for key in kind.required | kind.optional:
        row = rows[f"alerting.contact_points.<name>.{key}"]
        assert re.search(rf"\b{kind.name}\b", row), (
            f"say in docs/stack-file.md that {kind.name} has {key}"
        )


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_with_a_secret_says_what_it_looks_like(kind: Kind) -> None:
    owed = f"give {kind.name} a credential: what its secret looks like"
    assert (kind.credential is not None) == ("secret" in kind.required), owed


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_that_a_workspace_may_lack_says_what_to_write_instead(kind: Kind) -> None:
    assert (kind.instead is not None) == kind.by_request, f"say instead of what, in {kind.name}"


def test_what_a_workspace_may_have_besides_is_deliverable_when_it_says_so() -> None:
    assert BY_REQUEST
    without = deliverable(Engine.GRAFANA, ())
    assert not without & set(BY_REQUEST)
    assert deliverable(Engine.GRAFANA, BY_REQUEST) == without | set(BY_REQUEST)
    # AMP's Alertmanager is no Grafana workspace, whatever that has.
    assert deliverable(Engine.ALERTMANAGER, BY_REQUEST) == {"pagerduty", "sns"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("engine", Engine)
def test_an_engine_writes_a_kind_in_its_own_words_or_refuses_it(kind: Kind, engine: Engine) -> None:
    point = ContactPoint(name="somebody", kind=kind, wakes=False)
    if engine in kind.integrations:
        integration = kind.written_for(engine)
        means = Means(secret="the-secret", topic="the-topic", region="eu-west-1")
        written = str(integration.entry(point, means))
        assert ("the-topic" in written) == kind.publishes
        assert ("the-secret" in written) == ("secret" in kind.required)
        others = [each.integrations.get(engine) for each in KINDS.values() if each is not kind]
        assert integration.field not in {other.field for other in others if other}
    else:
        with pytest.raises(ValueError, match=f"engine {engine} cannot deliver to kind {kind.name}"):
            kind.written_for(engine)
