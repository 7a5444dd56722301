"""Grafana's colours: names it knows, and the classic palette that names of series choose from.

Read in Grafana 12's `createVisualizationColors.ts` and `fieldColor.ts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_SHADES = ("super-light-", "light-", "", "semi-dark-", "dark-")
_DARK_HUES = {
    "red": ("#FFA6B0", "#FF7383", "#F2495C", "#E02F44", "#C4162A"),
    "orange": ("#FFCB7D", "#FFB357", "#FF9830", "#FF780A", "#FA6400"),
    "yellow": ("#FFF899", "#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400"),
    "green": ("#C8F2C2", "#96D98D", "#73BF69", "#56A64B", "#37872D"),
    "blue": ("#C0D8FF", "#8AB8FF", "#5794F2", "#3274D9", "#1F60C4"),
    "purple": ("#DEB6F2", "#CA95E5", "#B877D9", "#A352CC", "#8F3BB8"),
}
_LIGHT_HUES = {
    "red": ("#FF7383", "#F2495C", "#E02F44", "#C4162A", "#AD0317"),
    "orange": ("#FFB357", "#FF9830", "#FF780A", "#FA6400", "#E55400"),
    "yellow": ("#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400", "#CC9D00"),
    "green": ("#96D98D", "#73BF69", "#56A64B", "#37872D", "#19730E"),
    "blue": ("#8AB8FF", "#5794F2", "#3274D9", "#1F60C4", "#1250B0"),
    "purple": ("#CA95E5", "#B877D9", "#A352CC", "#8F3BB8", "#7C2EA3"),
}
_HUES_IN_ORDER = ("green", "yellow", "blue", "orange", "red", "purple")
_CLASSIC = (
    *_HUES_IN_ORDER,
    *(f"dark-{hue}" for hue in _HUES_IN_ORDER),
    *(f"super-light-{hue}" for hue in _HUES_IN_ORDER),
    "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477", "#B7DBAB", "#F4D598",
    "#70DBED", "#F9BA8F", "#F29191", "#82B5D8", "#E5A8E2", "#AEA2E0", "#629E51", "#E5AC0E",
    "#64B0C8", "#E0752D", "#BF1B00", "#0A50A1", "#962D82", "#614D93", "#9AC48A", "#F2C96D",
    "#65C5DB", "#F9934E", "#EA6460", "#5195CE", "#D683CE", "#806EB7", "#3F6833", "#967302",
    "#2F575E", "#99440A", "#58140C", "#052B51", "#511749", "#3F2B5B", "#E0F9D7", "#FCEACA",
    "#CFFAFF", "#F9E2D2", "#FCE2DE", "#BADFF4", "#F9D9F9", "#DEDAF7",
)  # fmt: skip
_LEAST_CONTRAST = 3.0


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Dark or light: the ground of panels, and what names of colours mean on it."""

    dark: bool

    @property
    def name(self) -> str:
        """What an address calls it."""
        return "dark" if self.dark else "light"

    @property
    def ground(self) -> str:
        """The colour of a panel."""
        return "#181B1F" if self.dark else "#FFFFFF"

    def color(self, name: str) -> str:
        """The colour of that name, as CSS has it."""
        hues = _DARK_HUES if self.dark else _LIGHT_HUES
        if name == "transparent":
            return "rgba(0, 0, 0, 0)"
        for hue, shades in hues.items():
            if name.endswith(hue):
                return shades[_SHADES.index(name.removesuffix(hue))]
        return name

    def of_series(self, name: str) -> str:
        """The colour that the classic palette gives a series of this name."""
        colors = _readable(self)
        return colors[_hash(name) % len(colors)]

    def mixed(self, color: str, opacity: float) -> str:
        """The colour as it is seen on a panel."""
        pairs = zip(channels(color), channels(self.ground), strict=True)
        mixed = (round(over * opacity + under * (1 - opacity)) for over, under in pairs)
        return "#" + "".join(f"{channel:02X}" for channel in mixed)

    def text_on(self, color: str) -> str:
        """Black or white, whichever is read better on the colour."""
        black, white = "#000000", "#FFFFFF"
        return max((black, white), key=lambda text: _contrast(text, color))


@cache
def _readable(theme: Theme) -> tuple[str, ...]:
    colors = (theme.color(name) for name in _CLASSIC)
    return tuple(one for one in colors if _contrast(one, theme.ground) >= _LEAST_CONTRAST)


def _hash(text: str) -> int:
    """What the library `string-hash` makes of it."""
    value = 5381
    for character in reversed(text):
        value = (value * 33 ^ ord(character)) & 0xFFFFFFFF
    return value


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def channels(color: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour such as `#D55E00`, each from 0 to 255."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
