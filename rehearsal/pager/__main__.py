"""`python -m rehearsal.pager CONFIG LOG`: the pager as a process.

CONFIG is the stand-in tree's pager.json; LOG is the file that notifications are written to.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rehearsal.pager.server import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
