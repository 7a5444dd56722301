"""Grafana itself, in the place of the two programs that stand in for it (`up --grafana`)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from offline.errors import UserError
from rehearsal.machine.addresses import EVALUATOR, GRAFANA, GRAFANA_ALERTMANAGER
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.queries import AlertmanagerClient, PrometheusClient
from rehearsal.machine.tools import major_version
from rehearsal.stand_in.provisioning import TREE
from rehearsal.stand_in.scrape import INVENTED_KEY

NAME = "grafana-server"

# Since this one a rule may keep firing, and a PagerDuty contact point may have another address:
# an older one would call PagerDuty itself.
_OLDEST = 12
_PACKAGED = Path("/usr/share/grafana")
# Its database is made at the first start, by hundreds of migrations.
_READY_WITHIN_SECONDS = 180.0
# Where Grafana reads an annotation from a file, some versions put what the environment has in the
# place of `$labels`. With these it has `$labels`, and the annotation stays as it is.
_TEMPLATE_VARIABLES = ("labels", "value", "values")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Grafana on this machine: its program, and the directory that has its own files."""

    program: Path
    home: Path


def installation() -> Installation:
    """The Grafana on PATH. Raises UserError where there is none that can be rehearsed with."""
    found = shutil.which("grafana")
    if found is None:
        raise UserError(
            f"--grafana needs the program grafana on PATH, version {_OLDEST} or later: "
            "grafana.com/grafana/download has it for any Linux; put the directory bin of what is "
            "unpacked on PATH, or leave the option out"
        )
    program = Path(found).resolve()
    version = major_version(program)
    if version < _OLDEST:
        raise UserError(
            f"{program} is of version {version}; --grafana needs {_OLDEST} or later, "
            "for an older one would call PagerDuty itself"
        )
    homes = (program.parents[1], _PACKAGED)
    for home in homes:
        if (home / "conf" / "defaults.ini").is_file():
            own = home / "bin" / "grafana"
            # A package puts a wrapper on PATH, with arguments of its own.
            return Installation(program=own if own.is_file() else program, home=home)
    raise UserError(
        f"{program} cannot be started without Grafana's own files: neither of "
        f"{', '.join(map(str, homes))} has conf/defaults.ini; put the directory bin of an "
        "unpacked Grafana on PATH"
    )


def child(
    installed: Installation, state: Path, stand_in: Path, data: Path, external_url: str | None
) -> Child:
    """The process to start."""
    settings = _settings(stand_in / TREE / "provisioning", data, external_url or GRAFANA.url("/"))
    return Child(
        name=NAME,
        command=(
            str(installed.program),
            "server",
            f"--homepath={installed.home}",
            *(f"cfg:{key}={value}" for key, value in settings.items()),
        ),
        directory=str(state),
        listens=(GRAFANA,),
        ready=GRAFANA.url("/api/health"),
        ready_within_seconds=_READY_WITHIN_SECONDS,
        environment=tuple((name, f"${name}") for name in _TEMPLATE_VARIABLES),
    )


def is_rehearsed(stand_in: Path) -> bool:
    """Whether Grafana itself is what evaluates and notifies."""
    return (stand_in / TREE).is_dir()


def evaluator(stand_in: Path) -> PrometheusClient:
    """What evaluates Grafana's rules: itself, or its stand-in."""
    if is_rehearsed(stand_in):
        return PrometheusClient(GRAFANA, prefix="/api/prometheus/grafana")
    return PrometheusClient(EVALUATOR)


def notifier(stand_in: Path) -> AlertmanagerClient:
    """What delivers by Grafana's policies: itself, or its stand-in."""
    if is_rehearsed(stand_in):
        return AlertmanagerClient(GRAFANA, prefix="/api/alertmanager/grafana")
    return AlertmanagerClient(GRAFANA_ALERTMANAGER)


def _settings(provisioning: Path, data: Path, external_url: str) -> dict[str, str]:
    """By section and key (Grafana's conf/defaults.ini); a command's go before all others."""
    return {
        "server.protocol": "http",
        "server.http_addr": GRAFANA.host,
        "server.http_port": str(GRAFANA.port),
        # What messages call it.
        "server.root_url": external_url,
        "paths.data": str(data),
        "paths.logs": str(data / "log"),
        "paths.plugins": str(data / "plugins"),
        "paths.provisioning": str(provisioning),
        "log.mode": "console",
        "security.admin_password": INVENTED_KEY,
        # Whoever can reach a loopback address may look, and nobody may log in to do more.
        "auth.disable_login_form": "true",
        "auth.basic.enabled": "false",
        "auth.anonymous.enabled": "true",
        "auth.anonymous.org_role": "Viewer",
        # Nothing is asked or told elsewhere.
        "analytics.reporting_enabled": "false",
        "analytics.check_for_updates": "false",
        "analytics.check_for_plugin_updates": "false",
        "analytics.feedback_links_enabled": "false",
        "security.disable_gravatar": "true",
        "snapshots.external_enabled": "false",
        "news.news_feed_enabled": "false",
        "plugins.plugin_admin_enabled": "false",
        "plugins.preinstall_disabled": "true",
        "plugins.public_key_retrieval_disabled": "true",
        # A group's own interval is in its file; below this one Grafana takes none.
        "unified_alerting.min_interval": "10s",
    }
