"""Grafana's contact points and notification policies as a configuration of Alertmanager."""

from __future__ import annotations

from collections.abc import Sequence

from offline.errors import UserError
from rehearsal.stand_in.contact_points import Switchboard, from_grafana
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.substitutions import Substitutions

_TIMES = {
    "groupWait": "group_wait",
    "groupInterval": "group_interval",
    "repeatInterval": "repeat_interval",
}
_POLICY = {"contactPoint", "groupBies", "policies", "matchers", "continue", *_TIMES}
_ROOT = _POLICY | {"disableProvenance"}
_OPERATORS = {"=", "!=", "=~", "!~"}


def alertmanager_config(
    policy: Document,
    contact_points: Sequence[Document],
    switchboard: Switchboard,
    substitutions: Substitutions,
) -> Document:
    """The local configuration; message templates are expected in `templates/*.tmpl`.

    Raises UserError for a policy that names no contact point of the stack, and for
    anything that Alertmanager would not do as Grafana does.
    """
    receivers = [from_grafana(point, switchboard, substitutions) for point in contact_points]
    known = {receiver["name"] for receiver in receivers}
    substitutions.add(
        "Grafana's notification policies and contact points",
        "an Alertmanager with the same tree, translated back from the rendered resources",
        "Grafana is not part of a rehearsal; its notifier descends from Alertmanager's",
    )
    return {
        "route": policy_tree(policy, known),
        "receivers": receivers,
        "templates": ["templates/*.tmpl"],
    }


def policy_tree(policy: Document, known: set[str]) -> Document:
    """The tree in the words of Alertmanager's file, which are those of Grafana's too.

    `known` are the contact points that it may name. Raises UserError.
    """
    unknown = set(policy) - _ROOT
    if unknown:
        raise _unknown("the notification policy", unknown)
    root = {key: value for key, value in policy.items() if key != "disableProvenance"}
    return _route(root, known)


def _route(policy: Document, known: set[str]) -> Document:
    unknown = set(policy) - _POLICY
    if unknown:
        raise _unknown("a notification policy", unknown)
    receiver = policy.get("contactPoint")
    if receiver is not None and receiver not in known:
        raise UserError(
            f"a notification policy names the contact point {receiver!r}, which is not among "
            f"those of the stack: {', '.join(sorted(known))}"
        )
    route: Document = {} if receiver is None else {"receiver": receiver}
    if "groupBies" in policy:
        route["group_by"] = policy["groupBies"]
    for wire, name in _TIMES.items():
        if wire in policy:
            route[name] = policy[wire]
    if policy.get("continue"):
        route["continue"] = True
    if "matchers" in policy:
        route["matchers"] = [_matcher(matcher) for matcher in policy["matchers"]]
    if "policies" in policy:
        route["routes"] = [_route(nested, known) for nested in policy["policies"]]
    return route


def _matcher(matcher: Document) -> str:
    if matcher["match"] not in _OPERATORS:
        raise UserError(
            f"a notification policy compares {matcher['label']} by {matcher['match']!r}; "
            f"Grafana knows {', '.join(sorted(_OPERATORS))}"
        )
    value = matcher["value"].replace("\\", "\\\\").replace('"', '\\"')
    return f'{matcher["label"]}{matcher["match"]}"{value}"'


def _unknown(where: str, fields: set[str]) -> UserError:
    return UserError(
        f"{where} has {', '.join(sorted(fields))}, which the rehearsal does not know how to play"
    )
