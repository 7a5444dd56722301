"""Colours that people who see fewer of them still tell apart.

Source: M. Okabe and K. Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

GOOD = "#009E73"
ATTENTION = "#E69F00"
BAD = "#D55E00"
UNKNOWN = "#CC79A7"
CALM = "#56B4E9"
STRONG = "#0072B2"
FAINT = "#8E8E8E"
