"""Colours that people who see fewer of them still tell apart; a word always stands with them.

Source: M. Okabe and K. Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

GOOD = "#009E73"
ATTENTION = "#E69F00"
BAD = "#D55E00"
UNKNOWN = "#CC79A7"
STRONG = "#56B4E9"
FAINT = "#8E8E8E"
NONE = "transparent"
# For lines, apart from what the colours above mean; the last is faint on a white ground.
HUES = (STRONG, ATTENTION, GOOD, UNKNOWN, "#0072B2", BAD, "#F0E442")
