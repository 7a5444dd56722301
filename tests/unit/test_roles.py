from __future__ import annotations

from gallery.plan.catalogue import STORE
from gallery.render.roles import roles_document
from offline.render import PROJECT


def test_the_page_on_roles_is_that_of_the_catalogue() -> None:
    written = (PROJECT / "docs" / "roles.md").read_text()
    assert written == roles_document(STORE), "run: make roles"


def test_every_alert_stands_on_it_once() -> None:
    document = roles_document(STORE)
    for alert in STORE.alerts:
        assert document.count(f"[{alert.name}](") == 1


def test_every_role_has_its_part() -> None:
    document = roles_document(STORE)
    for role in STORE.roles:
        assert f"(`{role.name}`)" in document
        assert role.duty in document
