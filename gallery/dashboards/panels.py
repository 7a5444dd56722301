"""The kinds of panel the dashboards are made of, each with the product's manners built in."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.models import common, prometheus, stat, statetimeline
from grafana_foundation_sdk.models import dashboard as model

from gallery.dashboards.palette import BAD, GOOD, UNKNOWN
from gallery.names import DATA_SOURCE_UID

DATA_SOURCE = common.DataSourceRef(
    type_val="grafana-amazonprometheus-datasource", uid=DATA_SOURCE_UID
)
DOWN, UP, NOT_PROBED = 0, 1, -1


@dataclass(frozen=True, kw_only=True)
class Query:
    """One expression and the name of its series, which may hold `{{label}}`."""

    expr: str
    legend: str
    instant: bool = False


def targets(*queries: Query) -> list[prometheus.Dataquery]:
    """The queries of one panel, named A, B, C."""
    return [
        prometheus.Dataquery(
            datasource=DATA_SOURCE,
            editor_mode=prometheus.QueryEditorMode.CODE,
            expr=query.expr,
            instant=query.instant,
            range_val=not query.instant,
            legend_format=query.legend,
            ref_id=chr(ord("A") + number),
        )
        for number, query in enumerate(queries)
    ]


def states() -> list[model.ValueMapping]:
    """What the numbers of a probe say, in words and colours alike."""
    words = {
        UP: ("UP", GOOD),
        DOWN: ("DOWN", BAD),
        NOT_PROBED: ("NOT PROBED", UNKNOWN),
    }
    return [
        model.ValueMap(
            options={
                str(value): model.ValueMappingResult(text=text, color=color, index=index)
                for index, (value, (text, color)) in enumerate(words.items())
            }
        )
    ]


def state_tiles(title: str, description: str, *queries: Query) -> model.Panel:
    """One tile for each series, with its state as a word on a coloured ground."""
    return model.Panel(
        type_val="stat",
        title=title,
        description=description,
        datasource=DATA_SOURCE,
        targets=list(targets(*queries)),
        options=stat.Options(
            graph_mode=common.BigValueGraphMode.NONE,
            color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
            text_mode=common.BigValueTextMode.VALUE_AND_NAME,
            reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"]),
        ),
        field_config=model.FieldConfigSource(
            defaults=model.FieldConfig(unit="none", mappings=states())
        ),
    )


def state_timeline(title: str, description: str, *queries: Query) -> model.Panel:
    """One lane for each series, its states over time."""
    return model.Panel(
        type_val="state-timeline",
        title=title,
        description=description,
        datasource=DATA_SOURCE,
        targets=list(targets(*queries)),
        options=statetimeline.Options(),
        field_config=model.FieldConfigSource(
            defaults=model.FieldConfig(unit="none", mappings=states())
        ),
    )
