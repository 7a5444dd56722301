"""Values, times and colours as Grafana writes them.

The expected texts are what Grafana's own functions give, worked out from their source.
"""

from __future__ import annotations

import pytest

from rehearsal.wall.grafana.intervals import interval, seconds
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.units import formatted
from rehearsal.wall.grafana.variables import ALL, Choice, interpolated, titled


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.0, "none", 0, "0"),
        (2.5, "none", 0, "3"),
        (12.345, "none", None, "12.3"),
        (0.0512, "percentunit", 2, "5.12%"),
        (1.0, "percentunit", 0, "100%"),
        (20_000.0, "Bps", 1, "20.0 kB/s"),
        (0.0, "Bps", None, "0 B/s"),
        (0.25, "Bps", None, "250 mB/s"),
        (999.0, "Bps", None, "999 B/s"),
        (1536.0, "bytes", None, "1.5 KiB"),
        (2.0 * 1024**3, "bytes", None, "2 GiB"),
        (91.2, "ms", 0, "91 ms"),
        (1500.0, "ms", None, "1.5 s"),
        (90_000.0, "ms", None, "1.5 min"),
        (-1_234.0, "short", 1, "-1.2 K"),
        (23.5, "h", 1, "23.5 hour"),
        (36.0, "h", None, "1.5 day"),
        (0.0021, "s", None, "2.1 ms"),
        (42.0, "s", 0, "42 s"),
        (5400.0, "s", None, "1.5 hour"),
        (864_000.0, "s", None, "1.43 week"),
        (6.0, "d", 0, "6 day"),
        (90.0, "d", 0, "13 week"),
        (12.0, "reqps", 1, "12.0 req/s"),
        (1200.0, "reqps", 1, "1.2K req/s"),
        (0.5, "cps", None, "0.5 c/s"),
        (3.0, "suffix: x", 2, "3.00  x"),
        (float("inf"), "none", 0, "∞"),
    ],
)
def test_values_are_written_as_in_grafana(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert formatted(value, unit, decimals) == text


def test_a_unit_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match='values in "currencyEUR" are not written here'):
        formatted(1.0, "currencyEUR", None)


@pytest.mark.parametrize(
    ("shown", "points", "shortest", "step", "rate"),
    [
        ("1h", 600, "5s", 5, 20),
        ("1h", 600, "15s", 15, 60),
        ("24h", 450, "5s", 120, 125),
        ("6h", 1200, "5s", 20, 25),
        ("5m", 600, "5s", 5, 20),
    ],
)
def test_a_query_is_asked_in_grafanas_steps(
    shown: str, points: int, shortest: str, step: float, rate: float
) -> None:
    end = 1_700_000_003.0
    found = interval(end - seconds(shown), end, points, shortest)
    assert (found.step, found.rate) == (step, rate)
    assert found.end % step == 0
    assert 0 <= end - found.end < step


def _choice(name: str, *values: str, chosen: tuple[str, ...] = (ALL,)) -> Choice:
    return Choice(name=name, label=name, description="", values=values, chosen=chosen)


def test_variables_stand_for_what_is_chosen() -> None:
    over = interval(0.0, 3600.0, 600, "5s")
    choices = {
        "host": _choice("host", "db-1", "db-2"),
        "host_group": _choice("host_group", "a.b", "c", chosen=("a.b",)),
    }
    text = 'rate(x{host=~"$host",g=~"${host_group}"}[$__rate_interval]) + $__range + "$1"'
    assert interpolated(text, choices, over) == (
        'rate(x{host=~"(db-1|db-2)",g=~"a\\\\.b"}[20s]) + 3600s + "$1"'
    )
    assert titled("$host of $host_group", choices) == "All of a.b"


@pytest.mark.parametrize("dark", [True, False])
def test_names_of_series_choose_colours_that_can_be_read(*, dark: bool) -> None:
    theme = Theme(dark=dark)
    colors = {theme.of_series(f"host-{number}") for number in range(200)}
    assert len(colors) > 10
    assert all(len(color) == 7 and color.startswith("#") for color in colors)
    assert theme.of_series("host-1") == theme.of_series("host-1")


def test_colours_have_grafanas_names() -> None:
    assert Theme(dark=True).color("dark-red") == "#C4162A"
    assert Theme(dark=False).color("dark-red") == "#AD0317"
    assert Theme(dark=True).color("#123456") == "#123456"
    assert Theme(dark=True).text_on("#56B4E9") == "#000000"
    assert Theme(dark=True).text_on("#0072B2") == "#FFFFFF"
