"""The kinds of panel the dashboards are made of, each with the product's manners built in."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.models import common, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import dashboard as model

from gallery.dashboards.lines import Override
from gallery.dashboards.names import DATA_SOURCE_UID
from gallery.dashboards.palette import ATTENTION, BAD, FAINT, GOOD, NONE, STRONG, UNKNOWN
from gallery.dashboards.sources import Source

DATA_SOURCE = common.DataSourceRef(
    type_val="grafana-amazonprometheus-datasource", uid=DATA_SOURCE_UID
)
# What the states of an endpoint or a host are as numbers.
UP, DOWN, UNSEEN = 1, 0, -1


@dataclass(frozen=True, kw_only=True)
class Query:
    """One expression and the name of its series, which may hold `{{label}}`."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class Face:
    """How values look. `unit` is Grafana's id of a unit, `steps` are lower edges and colours.

    The first step has no edge. `empty` is what stands where there is no value at all.
    """

    unit: str
    empty: str
    steps: tuple[tuple[float | None, str], ...] = ((None, STRONG),)
    decimals: int | None = None
    lowest: float | None = None
    highest: float | None = None
    links: tuple[model.DashboardLink, ...] = ()


def at_most(limit: float | None, *, above: str = BAD) -> tuple[tuple[float | None, str], ...]:
    """Steps for what is fine below a limit, that of an alert; None is no limit."""
    return ((None, STRONG),) if limit is None else ((None, GOOD), (limit, above))


def at_least(limit: float | None) -> tuple[tuple[float | None, str], ...]:
    """Steps for what is fine from a limit on, that of an alert; None is no limit."""
    return ((None, STRONG),) if limit is None else ((None, BAD), (limit, GOOD))


def line_at(limit: float | None) -> tuple[tuple[float | None, str], ...]:
    """Steps that draw one line across a graph, at what an alert compares with; None draws none."""
    return ((None, FAINT),) if limit is None else ((None, FAINT), (limit, BAD))


def none_at_all(above: str = BAD) -> tuple[tuple[float | None, str], ...]:
    """Steps for a count that should be nought."""
    return at_most(1, above=above)


def targets(
    source: Source, *queries: Query, instant: bool = False, table: bool = False
) -> list[prometheus.Dataquery]:
    """The queries of one panel, named A, B, C.

    An instant query shows what is; the last value of a range may be of an hour ago.
    """
    shape = prometheus.PromQueryFormat.TABLE if table else prometheus.PromQueryFormat.TIME_SERIES
    return [
        prometheus.Dataquery(
            datasource=DATA_SOURCE,
            editor_mode=prometheus.QueryEditorMode.CODE,
            expr=query.expr,
            format_val=shape,
            instant=instant,
            range_val=not instant,
            interval=source.step,
            legend_format=query.legend,
            ref_id=chr(ord("A") + number),
        )
        for number, query in enumerate(queries)
    ]


def panel(
    kind: str,
    title: str,
    description: str,
    *,
    queries: list[prometheus.Dataquery],
    options: object,
    defaults: model.FieldConfig,
    overrides: list[Override] | None = None,
) -> model.Panel:
    """A panel that queries."""
    return model.Panel(
        type_val=kind,
        title=title,
        description=description,
        datasource=DATA_SOURCE,
        targets=list(queries),
        options=options,
        field_config=model.FieldConfigSource(defaults=defaults, overrides=overrides or []),
    )


def words(*meanings: tuple[int, str, str]) -> list[model.ValueMapping]:
    """What numbers mean, each as a word and a colour."""
    return [
        model.ValueMap(
            options={
                str(value): model.ValueMappingResult(text=text, color=color, index=index)
                for index, (value, text, color) in enumerate(meanings)
            }
        )
    ]


def nothing(text: str) -> model.SpecialValueMap:
    """What no value means; without it Grafana gives it the colour of the first step, often GOOD."""
    return model.SpecialValueMap(
        options=model.DashboardSpecialValueMapOptions(
            match=model.SpecialValueMatch.NULL_AND_NAN,
            result=model.ValueMappingResult(text=text, color=UNKNOWN, index=0),
        )
    )


def states(unseen: str) -> list[model.ValueMapping]:
    """The states of what is either up, down or not looked at."""
    return words((UP, "UP", GOOD), (DOWN, "DOWN", BAD), (UNSEEN, unseen, UNKNOWN))


def configured(face: Face) -> model.FieldConfig:
    """Grafana's settings for values that look so."""
    return model.FieldConfig(
        unit=face.unit,
        decimals=face.decimals,
        min_val=face.lowest,
        max_val=face.highest,
        no_value=face.empty,
        links=list(face.links) or None,
        color=model.FieldColor(mode=model.FieldColorModeId.THRESHOLDS),
        thresholds=model.ThresholdsConfig(
            mode=model.ThresholdsMode.ABSOLUTE,
            steps=[model.Threshold(value=edge, color=color) for edge, color in face.steps],
        ),
    )


def tile(source: Source, title: str, description: str, query: Query, face: Face) -> model.Panel:
    """One number, large, on the colour of its threshold."""
    defaults = configured(face)
    defaults.mappings = [nothing(face.empty)]
    return panel(
        "stat",
        title,
        description,
        queries=targets(source, query, instant=True),
        options=stat_options(common.BigValueTextMode.VALUE),
        defaults=defaults,
    )


def state_tiles(
    source: Source,
    title: str,
    description: str,
    query: Query,
    *,
    unseen: str,
    links: tuple[model.DashboardLink, ...] = (),
) -> model.Panel:
    """One tile for each series, with its state as a word on a coloured ground."""
    defaults = configured(Face(unit="none", empty=unseen, steps=((None, UNKNOWN),), links=links))
    defaults.mappings = states(unseen)
    return panel(
        "stat",
        title,
        description,
        queries=targets(source, query, instant=True),
        options=stat_options(common.BigValueTextMode.VALUE_AND_NAME),
        defaults=defaults,
    )


def stat_options(text: common.BigValueTextMode) -> stat.Options:
    """The options of a stat panel without a graph behind its number."""
    return stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=text,
        wide_layout=False,
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=False),
        orientation=common.VizOrientation.AUTO,
    )


def state_timeline(
    source: Source, title: str, description: str, query: Query, *, unseen: str
) -> model.Panel:
    """One lane for each series, its states over time."""
    defaults = configured(Face(unit="none", empty=unseen, steps=((None, UNKNOWN),)))
    defaults.mappings = states(unseen)
    defaults.custom = statetimeline.FieldConfig(line_width=0, fill_opacity=80)
    options = statetimeline.Options(
        show_value=common.VisibilityMode.AUTO,
        row_height=0.85,
        merge_values=True,
        align_value=common.TimelineValueAlignment.LEFT,
        legend=_legend([]),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE),
        per_page=50,
    )
    return panel(
        "state-timeline",
        title,
        description,
        queries=targets(source, query),
        options=options,
        defaults=defaults,
    )


@dataclass(frozen=True, kw_only=True)
class Curve:
    """How lines are drawn. `limits` says how the face's steps show; `log` is a scale's base."""

    limits: common.GraphThresholdsStyleMode = common.GraphThresholdsStyleMode.OFF
    log: int | None = None
    soft: tuple[float, float] | None = None
    calcs: tuple[str, ...] = ("lastNotNull", "max")
    overrides: tuple[Override, ...] = ()


def limited(*overrides: Override) -> Curve:
    """Lines with the limit of an alert across them, dashed."""
    return Curve(limits=common.GraphThresholdsStyleMode.DASHED, overrides=overrides)


def graph(
    source: Source,
    title: str,
    description: str,
    *queries: Query,
    face: Face,
    curve: Curve = Curve(),
) -> model.Panel:
    """Lines over time, with their last and greatest values."""
    defaults = configured(face)
    defaults.color = model.FieldColor(mode=model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)
    low, high = curve.soft or (None, None)
    scale = common.ScaleDistributionConfig(
        type_val=common.ScaleDistribution.LOG if curve.log else common.ScaleDistribution.LINEAR,
        log=curve.log,
    )
    defaults.custom = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_interpolation=common.LineInterpolation.LINEAR,
        line_width=2,
        fill_opacity=0,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,
        axis_soft_min=low,
        axis_soft_max=high,
        scale_distribution=scale,
        thresholds_style=common.GraphThresholdsStyleConfig(mode=curve.limits),
    )
    options = timeseries.Options(
        legend=_legend(list(curve.calcs)),
        tooltip=common.VizTooltipOptions(
            mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING
        ),
    )
    return panel(
        "timeseries",
        title,
        description,
        queries=targets(source, *queries),
        options=options,
        defaults=defaults,
        overrides=list(curve.overrides),
    )


def _legend(calcs: list[str]) -> common.VizLegendOptions:
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST,
        placement=common.LegendPlacement.RIGHT if calcs else common.LegendPlacement.BOTTOM,
        show_legend=bool(calcs),
        calcs=calcs,
    )


def outside(low: float | None, high: float | None) -> tuple[tuple[float | None, str], ...]:
    """Steps that mark what lies outside a band; None is an open end."""
    floor: tuple[tuple[float | None, str], ...] = (
        ((None, NONE),) if low is None else ((None, ATTENTION), (low, NONE))
    )
    return floor if high is None else (*floor, (high, ATTENTION))
