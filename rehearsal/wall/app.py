"""The wall's addresses, and what answers at each."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from nicegui import ui

from offline.errors import UserError
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.machine import grafana
from rehearsal.machine.addresses import AMP_ALERTMANAGER
from rehearsal.machine.queries import AlertmanagerClient
from rehearsal.wall.asking import Asker
from rehearsal.wall.drills import Drills
from rehearsal.wall.grafana.intervals import seconds
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.looked_at import LookedAt
from rehearsal.wall.page import DashboardPage, Visit
from rehearsal.world.topology import Topology

_STATIC = Path(__file__).parent / "static"
_VARIABLE = "var-"
_SEE_OTHER = 303
_PATIENCE_SECONDS = 30.0


def application(state: Path) -> FastAPI:
    """The wall of the rehearsal in this directory."""
    looked_at = LookedAt(state)
    topology = Topology.read(state / "stand-in" / "world.json")
    drills = Drills(
        logs=state / "logs",
        scenarios={scenario.name: scenario.summary for scenario in SCENARIOS},
        targets=frozenset(
            [f"service:{one.name}" for one in topology.workloads if one.listens]
            + [f"host:{name}" for name in topology.hosts]
        ),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
        # What a drill broke is mended before the world that it broke is gone.
        await drills.end()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=_STATIC))
    add_drills(app, drills)
    _add_pages(looked_at, drills, state / "stand-in")
    ui.run_with(  # pyright: ignore[reportUnknownMemberType]
        app,
        title="Gallery: the wall",
        tailwind=False,
        show_welcome_message=False,
        gzip_middleware_factory=None,
        # A machine that is busy with tests is no reason to load the page anew.
        reconnect_timeout=_PATIENCE_SECONDS,
    )
    return app


def add_drills(app: FastAPI, drills: Drills) -> None:
    """What plays and ends drills."""

    @app.get("/healthy")
    async def healthy() -> PlainTextResponse:  # pyright: ignore[reportUnusedFunction]
        return PlainTextResponse("healthy\n")

    @app.post("/drills")
    async def play(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        form = await request.form()
        try:
            await drills.play(str(form.get("scenario", "")), str(form.get("target", "")))
        except UserError as why:
            return PlainTextResponse(f"{why}\n", 400)
        return _back(request)

    @app.post("/drills/end")
    async def end(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        await drills.end()
        return _back(request)


def _add_pages(looked_at: LookedAt, drills: Drills, stand_in: Path) -> None:
    @ui.page("/")
    def first() -> Response:  # pyright: ignore[reportUnusedFunction]
        uid = next(iter(looked_at.dashboards()))
        return RedirectResponse(f"/d/{uid}")

    @ui.page("/d/{uid}", response_timeout=_PATIENCE_SECONDS)
    async def board(uid: str, request: Request) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        boards = looked_at.dashboards()
        if uid not in boards:
            return PlainTextResponse(f"there is no dashboard {uid}; there are: "
                                     f"{', '.join(boards)}\n", 404)  # fmt: skip
        ui.add_head_html('<link rel="stylesheet" href="/static/wall.css">')
        dashboard = boards[uid]
        await DashboardPage(
            dashboard=dashboard,
            boards={each: one.frame.title for each, one in boards.items()},
            visit=_visit(request, dashboard.frame.time.from_),
            looked_at=looked_at,
            drills=drills,
            asker=Asker(),
            alerts=grafana.evaluator(stand_in),
            alertmanagers=(AlertmanagerClient(AMP_ALERTMANAGER), grafana.notifier(stand_in)),
        ).build()
        return None


def _visit(request: Request, usual: str) -> Visit:
    query = request.query_params
    shown = query.get("from", usual)
    try:
        seconds(shown.removeprefix("now-"))
    except ValueError:
        shown = usual
    values = {
        name.removeprefix(_VARIABLE): tuple(query.getlist(name))
        for name in query
        if name.startswith(_VARIABLE)
    }
    return Visit(shown=shown, theme=Theme(dark=query.get("theme") != "light"), values=values)


def _back(request: Request) -> Response:
    """To the page that asked, on this site whatever its address says."""
    asked = urlsplit(request.headers.get("referer", "/"))
    path = f"/{asked.path.lstrip('/')}"
    return RedirectResponse(f"{path}?{asked.query}" if asked.query else path, _SEE_OTHER)
