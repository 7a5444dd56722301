"""`python -m rehearsal.wall STATE`: serves the wall of the rehearsal in that directory.

GET  /              the first dashboard
GET  /d/<uid>       a dashboard; `from=now-1h`, `theme=light` and `var-<name>=<value>` as asked
POST /drills        play a drill: a form with `scenario` and `target`
POST /drills/end    interrupt it
GET  /healthy
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from rehearsal.machine.addresses import WALL
from rehearsal.wall.app import application
from rehearsal.wall.guard import OwnPagesOnly


def main(state: Path) -> None:
    """Serve until it is told to end."""
    app = OwnPagesOnly(application(state), str(WALL))
    uvicorn.run(app, host=WALL.host, port=WALL.port, log_level="warning")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
