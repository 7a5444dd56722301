"""How single lines of a graph are drawn, each known by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from gallery.dashboards.palette import HUES

Override = model.DashboardFieldConfigSourceOverrides

# Lengths of strokes and gaps in pixels. With the hues, so many lines differ for everybody.
_STROKES = (
    common.LineStyle(fill="solid"),
    common.LineStyle(fill="dash", dash=[10, 6]),
    common.LineStyle(fill="dot", dash=[2, 6]),
)
DASHED = common.LineStyle(fill="dash", dash=[8, 8])


def styled(styles: Mapping[str, Mapping[str, object]]) -> tuple[Override, ...]:
    """For each line's name the settings that it has of its own, by Grafana's ids."""
    return tuple(
        Override(
            matcher=model.MatcherConfig(id_val="byName", options=name),
            properties=[
                model.DynamicConfigValue(id_val=key, value=value) for key, value in style.items()
            ],
        )
        for name, style in styles.items()
    )


def fixed(color: str) -> model.FieldColor:
    """One colour, whatever the value."""
    return model.FieldColor(mode=model.FieldColorModeId.FIXED, fixed_color=color)


def distinct(names: Sequence[str]) -> tuple[Override, ...]:
    """Each name with a colour and a stroke of its own, the same on every graph.

    Of more names than can be told apart none gets its own; Grafana then chooses.
    """
    if len(names) > len(HUES) * len(_STROKES):
        return ()
    return styled(
        {
            name: {
                "color": fixed(HUES[number % len(HUES)]),
                "custom.lineStyle": _STROKES[number // len(HUES)],
            }
            for number, name in enumerate(names)
        }
    )
