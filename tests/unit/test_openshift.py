from __future__ import annotations

from gallery.plan.cluster import OpenShiftCluster
from tests.unit.components import OPENSHIFT, on_openshift
from tests.unit.stack_files import errors, values


def refused(*, hosts: bool = True, **without: None) -> tuple[str, ...]:
    config = values("dev")
    cluster = {key: value for key, value in OPENSHIFT.items() if key not in without}
    config["gallery:cluster"] = {"existing": cluster}
    if not hosts:
        del config["gallery:hosts"]
    return errors(config)


def test_the_plan_knows_who_vouches_for_the_collector_and_where_it_comes_from() -> None:
    cluster = on_openshift().cluster
    assert isinstance(cluster, OpenShiftCluster)
    assert cluster.oidc_provider == OPENSHIFT["oidc_provider"]
    assert cluster.egress_cidrs == ("10.40.0.0/16", "10.50.0.0/16")


def test_without_an_oidc_provider_the_collector_could_not_write() -> None:
    (error,) = refused(oidc_provider=None)
    assert error.startswith("gallery:cluster.existing.oidc_provider is missing")
    assert "arn:aws:iam::" in error


def test_without_egress_addresses_nobody_could_scrape_the_hosts() -> None:
    (error,) = refused(egress_cidrs=None)
    assert error.startswith("gallery:cluster.existing.egress_cidrs is missing")


def test_all_that_is_missing_is_said_at_once() -> None:
    assert len(refused(oidc_provider=None, egress_cidrs=None)) == 2
    assert len(refused(oidc_provider=None, egress_cidrs=None, hosts=False)) == 1


def test_an_oidc_provider_is_an_arn() -> None:
    config = values("dev")
    config["gallery:cluster"] = {"existing": OPENSHIFT | {"oidc_provider": "oidc.example.org"}}
    (error,) = errors(config)
    assert "oidc_provider" in error
