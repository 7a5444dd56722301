"""One dashboard as a page: its panels in Grafana's grid, and beside them who was told of what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from nicegui import ui

from rehearsal.machine import loopback
from rehearsal.machine.queries import AlertmanagerClient, PrometheusClient, Silence
from rehearsal.wall import charts, fragments
from rehearsal.wall.asking import Asker, Mark, Window, window
from rehearsal.wall.drills import Drills
from rehearsal.wall.grafana.intervals import seconds
from rehearsal.wall.grafana.model.frame import Marks
from rehearsal.wall.grafana.model.graphs import StateTimeline, TimeSeries
from rehearsal.wall.grafana.model.panels import AlertList, Asking, Row, Stat, Text
from rehearsal.wall.grafana.model.tables import Table
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import Dashboard, Readable, Section, Undrawable
from rehearsal.wall.grafana.variables import Choice, titled
from rehearsal.wall.looked_at import LookedAt
from rehearsal.wall.views.alerts import listed
from rehearsal.wall.views.cells import cells
from rehearsal.wall.views.lanes import lanes
from rehearsal.wall.views.lines import lines
from rehearsal.wall.views.tiles import tiles

RANGES = ("5m", "15m", "1h", "6h", "24h")
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What an address asks for: the time shown, as `now-1h`, the theme, and variables' values."""

    shown: str
    theme: Theme
    values: Mapping[str, tuple[str, ...]]

    def query(self, **changed: str) -> str:
        """The query of the address with these things changed."""
        fields = {
            "from": self.shown,
            "theme": self.theme.name,
            **{f"var-{name}": values for name, values in self.values.items()},
            **changed,
        }
        return urlencode(fields, doseq=True)

    def elsewhere(self) -> str:
        """The query of another address, whose variables are others."""
        return replace(self, values={}).query()


@dataclass
class Slot:
    """A panel's place on the page."""

    panel: Readable
    choices: Mapping[str, Choice]
    content: ui.html
    graph: ui.echart | None = None


# Without a text of its own: NiceGUI names each timer by its callback, which would have all of it.
@dataclass(repr=False)
class DashboardPage:
    """A dashboard, drawn for one visitor and kept up to date."""

    dashboard: Dashboard
    boards: Mapping[str, str]
    visit: Visit
    looked_at: LookedAt
    drills: Drills
    asker: Asker
    alerts: PrometheusClient
    alertmanagers: tuple[AlertmanagerClient, ...]
    _slots: list[Slot] = field(default_factory=list[Slot], init=False)
    _choices: dict[str, Choice] = field(default_factory=dict[str, Choice], init=False)
    _panels: ui.element = field(init=False)
    _told: ui.html = field(init=False)
    _silenced: ui.html = field(init=False)
    _drill: ui.html = field(init=False)
    _play: ui.html = field(init=False)

    async def build(self) -> None:
        """Draw it empty: the first page comes at once, and its data right after."""
        self._choices = choices = await asyncio.to_thread(
            self.asker.choices, self.dashboard.frame, self.visit.values, self._window()
        )
        ui.query("html").classes(f"wall {self.visit.theme.name}").props("lang=en")
        with ui.element("header").classes("top"):
            _html(self._header(choices))
        with ui.element("div").classes("wall-columns"):
            self._panels = ui.element("div").props("id=panels")
            with self._panels:
                for section in self._sections(choices):
                    self._section(*section)
            with ui.element("aside").props('aria-label="Drills and deliveries"'):
                self._beside()
        every = seconds(self.dashboard.frame.refresh)
        ui.timer(every, self.refresh, immediate=True)
        ui.timer(_LOOK_SECONDS, self.look, immediate=True)

    async def refresh(self) -> None:
        """Ask for every panel anew, from the top."""
        shown = self._window()
        try:
            marks = await asyncio.to_thread(self._marks, shown)
        except (loopback.UnansweredError, loopback.HttpStatusError) as why:
            for slot in self._slots:
                slot.content.set_content(fragments.undrawable([f"AMP does not answer: {why}"]))
            return
        for slot in self._slots:
            await self._fill(slot, shown, marks)
        self._silenced.set_content(fragments.silenced(await asyncio.to_thread(self._silences)))
        self._panels.props(f'data-drawn="{shown.end}"')

    def look(self) -> None:
        """Show what drills and deliveries have come to."""
        now = time.time()
        drills = self.looked_at.drills()
        self._drill.set_content(fragments.drill(drills[-1] if drills else None, now))
        self._told.set_content(fragments.told(self.looked_at.told(), self.looked_at.heartbeats()))
        self._play.set_content(self._form())

    def _window(self) -> Window:
        return window(self.visit.shown, time.time())

    def _header(self, choices: Mapping[str, Choice]) -> str:
        frame = self.dashboard.frame
        links = [
            (title, f"/d/{uid}?{self.visit.elsewhere()}", uid == frame.uid)
            for uid, title in self.boards.items()
        ]
        ranges = [(one, f"?{self.visit.query(**{'from': f'now-{one}'})}") for one in RANGES]
        other = Theme(dark=not self.visit.theme.dark).name
        return fragments.header(
            title=frame.title,
            description=frame.description,
            boards=links,
            ranges=[(one, url, f"now-{one}" == self.visit.shown) for one, url in ranges],
            theme=(other, f"?{self.visit.query(theme=other)}"),
            choices=[*choices.values()],
            hidden={"from": self.visit.shown, "theme": self.visit.theme.name},
        )

    def _sections(
        self, choices: Mapping[str, Choice]
    ) -> Iterator[tuple[Section, Mapping[str, Choice], str]]:
        """The sections, one that repeats for each value of its variable."""
        for section in self.dashboard.sections:
            repeat = section.row.repeat if section.row else None
            if repeat is None:
                yield section, choices, ""
                continue
            for value in choices[repeat].selected:
                one = replace(choices[repeat], chosen=(value,))
                yield section, {**choices, repeat: one}, f"-{value}"

    def _section(self, section: Section, choices: Mapping[str, Choice], suffix: str) -> None:
        if section.row is None:
            _html(fragments.heading("At a glance")).classes("unseen")
            self._grid(section, choices, suffix)
            return
        with _folding(section.row):
            with ui.element("summary"):
                _html(fragments.heading(titled(section.row.title, choices)))
            self._grid(section, choices, suffix)

    def _grid(self, section: Section, choices: Mapping[str, Choice], suffix: str) -> None:
        top = min((panel.grid_pos.y for panel in section.panels), default=0)
        with ui.element("div").classes("grid"):
            for panel in section.panels:
                self._panel(panel, choices, suffix, top)

    def _panel(
        self,
        panel: Readable | Undrawable,
        choices: Mapping[str, Choice],
        suffix: str,
        top: int,
    ) -> None:
        at, key = panel.grid_pos, f"panel-{panel.id}{suffix}"
        place = (
            f"grid-column:{at.x + 1}/span {at.w};"
            f"grid-row:{at.y - top + 1}/span {at.h};--rows:{at.h}"
        )
        kind = "undrawable" if isinstance(panel, Undrawable) else panel.type
        title = titled(panel.title, choices)
        with (
            ui.element("section").classes(f"panel {kind}").style(place).props(f'id="{key}"')
        ) as drawn:
            drawn.props["aria-label"] = f"{title} {suffix.removeprefix('-')}".strip()
            if isinstance(panel, Undrawable):
                _html(fragments.head(key, title, "", ())).classes("head")
                _html(fragments.undrawable(panel.why)).classes("content")
                return
            _html(fragments.head(key, title, panel.description, panel.links)).classes("head")
            if isinstance(panel, Text):
                ui.markdown(panel.options.content).classes("content prose").props("tabindex=0")
                return
            with ui.element("div").classes("content") as around:
                graph = _graph(title) if isinstance(panel, TimeSeries) else None
                content = _html("")
            # What can be scrolled can be reached by keyboard.
            (content if graph else around).props("tabindex=0")
            slot = Slot(panel=panel, choices=choices, content=content, graph=graph)
            self._slots.append(slot)

    def _beside(self) -> None:
        with ui.element("section").classes("beside").props("aria-labelledby=drill-title"):
            _html('<h2 id="drill-title">Drill</h2>')
            self._play = _html(self._form())
            self._drill = _html("").props("role=log aria-live=polite id=drill")
        with ui.element("section").classes("beside").props("aria-labelledby=silenced-title"):
            _html('<h2 id="silenced-title">Silenced</h2>')
            self._silenced = _html("").props("id=silenced")
        with ui.element("section").classes("beside").props("aria-labelledby=told-title"):
            _html('<h2 id="told-title">Who was told</h2>')
            self._told = _html("").props("role=log aria-live=polite id=told")

    def _form(self) -> str:
        targets = sorted(self.drills.targets)
        named = {
            kind: [one.removeprefix(f"{kind}:") for one in targets if one.startswith(f"{kind}:")]
            for kind in ("service", "host")
        }
        return fragments.play(
            self.drills.scenarios.items(),
            named["service"],
            named["host"],
            self.drills.playing,
            self.drills.refusal,
        )

    def _silences(self) -> list[Silence]:
        found = list[Silence]()
        for alertmanager in self.alertmanagers:
            # A drill may have stopped it.
            with suppress(loopback.UnansweredError):
                found += alertmanager.silences()
        return found

    def _marks(self, shown: Window) -> list[Mark]:
        asked = (
            mark
            for one in self.dashboard.frame.annotations.list
            if isinstance(one, Marks)
            for mark in self.asker.marks(one, self._choices, shown)
        )
        return [*asked, *self.looked_at.marks(shown)]

    async def _fill(self, slot: Slot, shown: Window, marks: Sequence[Mark]) -> None:
        try:
            match slot.panel:
                case AlertList(options=options):
                    by_grafana = options.datasource == "-- Grafana --"
                    asked = self.alerts if by_grafana else self.asker.amp
                    active = await asyncio.to_thread(asked.alerts)
                    found = listed(options, active)
                    slot.content.set_content(fragments.alerts(found, time.time()))
                case Text():
                    pass
                case panel:
                    await self._fill_asking(slot, panel, shown, marks)
        except (loopback.UnansweredError, loopback.HttpStatusError, ValueError) as why:
            slot.content.set_content(fragments.undrawable([str(why)]))

    async def _fill_asking(
        self, slot: Slot, panel: Asking, shown: Window, marks: Sequence[Mark]
    ) -> None:
        asked = await asyncio.to_thread(self.asker.panel, panel, slot.choices, shown)
        theme, over = self.visit.theme, asked[0].over
        match panel:
            case Stat():
                drawn = tiles(panel, asked, theme, self.visit.elsewhere())
                slot.content.set_content(fragments.tiles(drawn))
            case StateTimeline():
                drawn = lanes(panel, asked, theme)
                slot.content.set_content(fragments.lanes(drawn, over, marks))
            case Table():
                slot.content.set_content(fragments.cells(cells(panel, asked, theme)))
            case TimeSeries():
                view = lines(panel, asked, theme)
                slot.content.set_content(fragments.legend(view))
                if slot.graph is not None:
                    slot.graph.set_visibility(bool(view.lines))
                    _redraw(slot.graph, charts.chart(view, over, marks, theme))
            case _:
                raise ValueError(f"nobody fills panels of type {type(panel).__name__}")


def _graph(title: str) -> ui.echart:
    graph = ui.echart({"series": []}).classes("graph")
    graph.props["role"] = "img"
    graph.props["aria-label"] = f"Graph: {title}. The table beside it has its values."
    return graph


def _redraw(graph: ui.echart, options: charts.Options) -> None:
    # NiceGUI does not say what these are.
    drawn: charts.Options = graph.options  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    drawn.clear()
    drawn.update(options)
    graph.update()


def _folding(row: Row) -> ui.element:
    details = ui.element("details").classes("fold")
    return details if row.collapsed else details.props("open")


def _html(content: str) -> ui.html:
    # Whatever is put into it is escaped where it is put in.
    return ui.html(content, sanitize=False)
