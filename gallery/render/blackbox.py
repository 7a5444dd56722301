"""The prober's configuration: one module of the blackbox exporter for each way of asking."""

from __future__ import annotations

import re

from gallery.metrics.probes import PROBE_COOKIE, Module, PublicAddress
from gallery.plan.model import Plan
from gallery.render.documents import yaml_text

# The exporter prefers IPv6 where nothing is said, and then waits for an answer that cannot come.
_IPV4 = {"preferred_ip_protocol": "ip4", "ip_protocol_fallback": False}

_REDIS = [{"send": "PING"}, {"expect": r"^(\+PONG|-NOAUTH)"}]


def blackbox_config(plan: Plan) -> str:
    """The blackbox exporter's configuration as YAML."""
    timeout = str(plan.timings.probe_timeout)
    modules: dict[Module, dict[str, object]] = {
        Module.HTTP: {"prober": "http", "http": {**_IPV4, "headers": {"Cookie": PROBE_COOKIE}}},
        Module.HTTPS: {"prober": "http", "http": {**_IPV4, "fail_if_not_ssl": True}},
        # An empty service asks gRPC's health protocol for the server as a whole.
        Module.GRPC: {"prober": "grpc", "grpc": {**_IPV4, "tls": False, "service": ""}},
        # A connection alone proves nothing: a proxy accepts for a Redis that is not there. One
        # that asks for a password is there, and the prober has none.
        Module.REDIS: {"prober": "tcp", "tcp": {**_IPV4, "query_response": _REDIS}},
    }
    if plan.public_address is not None:
        modules[Module.DOOR] = {"prober": "http", "http": _door(plan.public_address)}
        # A handshake alone: no redirect is followed, and nothing is asked that could be refused.
        modules[Module.CERTIFICATE] = {"prober": "tcp", "tcp": {**_IPV4, "tls": True}}
    return yaml_text(
        {"modules": {str(name): {**module, "timeout": timeout} for name, module in modules.items()}}
    )


def _door(address: PublicAddress) -> dict[str, object]:
    asked: dict[str, object] = {**_IPV4, "fail_if_not_ssl": True}
    if address.headers:
        asked["headers"] = dict(address.headers)
    if address.contains is not None:
        # A page of somebody else's, or one that says that there is none, is no shop.
        asked["fail_if_body_not_matches_regexp"] = [re.escape(address.contains)]
    return asked
