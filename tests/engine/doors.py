"""Where a provider's configuration leads, and whether it is let in there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias, cast
from urllib.parse import urlsplit

import yaml

from . import aws_ground_kinds, aws_kinds
from .cloud import Cloud, Refused
from .values import Json, Properties, at, has_unknown, text_at

# From a provider's configuration to the scope of its resources; raises Refused.
Door: TypeAlias = Callable[[Cloud, Properties], str]


def account(cloud: Cloud, config: Properties) -> str:
    """The AWS account, in the provider's region, if the provider may work there."""
    if not text_at(config, "region"):
        raise Refused("the AWS provider has no region")
    # The engine hands a provider's lists over as JSON.
    allowed = text_at(config, "allowedAccountIds")
    if allowed and cloud.account not in cast("list[str]", json.loads(allowed)):
        raise Refused(f"AWS account ID not allowed: {cloud.account}")
    return "account"


def _active_cluster(config: Properties) -> Json:
    """What a kubeconfig says of its cluster: address, certificate and the like."""
    document = cast("Json", yaml.safe_load(text_at(config, "kubeconfig")))
    return at(document, "clusters.cluster")


def cluster_address(config: Properties) -> str:
    """The server of a kubeconfig's cluster."""
    server = at(_active_cluster(config), "server")
    if not isinstance(server, str):
        raise Refused("the Kubernetes provider's kubeconfig names no server")
    return server


def replacing_cluster(olds: Properties, news: Properties) -> frozenset[str]:
    """Which changes of a Kubernetes provider mean another cluster (DiffConfig in its source).

    A cluster identifier that stays, or changes, settles it. One that comes or goes does not:
    then a kubeconfig that is unknown, or says anything else of its cluster, replaces the provider
    and all that was made through it.
    """
    before, after = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if after is not None and before == after:
        return frozenset()
    if before is not None and after is not None:
        return frozenset({"clusterIdentifier"})
    if has_unknown(news.get("kubeconfig")):
        return frozenset({"kubeconfig"})
    same = _active_cluster(olds) == _active_cluster(news)
    return frozenset() if same else frozenset({"kubeconfig"})


def cluster(cloud: Cloud, config: Properties) -> str:
    """The address of a cluster that exists."""
    server = cluster_address(config)
    made = cloud.all(aws_ground_kinds.CLUSTER)
    if server in cloud.existing or any(other.text("endpoint") == server for other in made):
        return server
    raise Refused(f"unable to reach the cluster at {server}")


def grafana(cloud: Cloud, config: Properties) -> str:
    """The address of a Grafana that exists and accepts the token."""
    url = text_at(config, "url")
    host = urlsplit(url).netloc
    made = cloud.all(aws_kinds.WORKSPACE)
    if host not in cloud.existing and not any(other.text("endpoint") == host for other in made):
        raise Refused(f"no such host: {host or url}")
    for token in cloud.all(aws_kinds.TOKEN):
        if token.text("key") == text_at(config, "auth"):
            ends = datetime.fromisoformat(token.text("expiresAt")).timestamp()
            if ends > cloud.now and host.startswith(token.text("workspaceId")):
                return host
    raise Refused("401 Unauthorized: Invalid API key")


DOORS: Mapping[str, Door] = {"aws": account, "kubernetes": cluster, "grafana": grafana}
