"""What stands in Grafana to look at: the data source, the folder, the dashboards."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumiverse_grafana as grafana

from components.grafana import Grafana
from components.prometheus import Prometheus
from gallery.dashboards import dashboards, names
from gallery.plan.model import Plan
from gallery.render.documents import json_text
from gallery.render.grafana import datasource_settings


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """What the dashboards show, what they ask and where they stand."""

    plan: Plan
    prometheus: Prometheus
    grafana: Grafana


class Dashboards(pulumi.ComponentResource):
    """`folder_uid` is where rules live too, `data_source` what they ask."""

    folder_uid: pulumi.Output[str]
    data_source: pulumi.Resource

    def __init__(
        self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Dashboards", name, None, opts)
        plan = args.plan
        content = args.grafana.content(self)
        self.data_source = grafana.oss.DataSource(
            f"{name}-metrics",
            name=names.DATA_SOURCE_NAME,
            uid=names.DATA_SOURCE_UID,
            type="grafana-amazonprometheus-datasource",
            url=args.prometheus.endpoint.apply(lambda url: url.rstrip("/")),
            json_data_encoded=datasource_settings(plan),
            opts=content,
        )
        folder = grafana.oss.Folder(
            f"{name}-folder", uid=names.FOLDER_UID, title=names.FOLDER_TITLE, opts=content
        )
        self.folder_uid = folder.uid
        for uid, document in dashboards(plan).items():
            grafana.oss.Dashboard(
                f"{name}-{uid}",
                folder=folder.uid,
                config_json=json_text(document),
                overwrite=True,
                opts=content,
            )
        self.register_outputs({"folder_uid": self.folder_uid})
