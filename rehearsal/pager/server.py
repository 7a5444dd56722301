"""The running pager: HTTP for all kinds but e-mail, SMTP for that, and the alarms' watch.

POST /<kind>/<contact point>/<receiver>[/…]   a delivery in the kind's own protocol
GET  /                                        what was received, newest first, to be read
GET  /notifications?since=<epoch>             what was received at that time or later
PUT  /refusal                                 {"contact_points": [names] or [] for all,
                                               "seconds": n}; DELETE ends it
GET  /refusal                                 {"refused": how many were refused so far,
                                               "refusing": [names]}
GET  /healthy
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gallery.contact_points.kinds import KINDS as DEPLOYED
from gallery.contact_points.message import Bound
from rehearsal.heartbeat import STEP_SECONDS, Alarm, AlarmState, state_at
from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpServer
from rehearsal.pager.contact_points import email
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.pager.contact_points.model import Answer
from rehearsal.pager.contact_points.sns import SNS
from rehearsal.pager.inbox import Inbox, PagerConfig, Recipient
from rehearsal.pager.mail import MailServer
from rehearsal.pager.notifications import LIST_FORM, Message, to_be_read


@dataclass
class PagerServer:
    """Runs a inbox's protocols."""

    pager_config: PagerConfig
    inbox: Inbox
    _recipients: dict[tuple[str, str], Recipient] = field(init=False)
    _alarm_states: dict[str, AlarmState] = field(init=False)

    def __post_init__(self) -> None:
        self._recipients = {
            (recipient.kind, recipient.name): recipient
            for recipient in self.pager_config.recipients
        }
        self._alarm_states = {alarm.name: AlarmState.OK for alarm in self.pager_config.alarms}

    async def run(self) -> None:
        """Listen and watch until cancelled."""
        mail = MailServer(
            Address.parse(self.pager_config.mail), self._takes_mail, self._receive_mail
        )
        await mail.open()
        await HttpServer(Address.parse(self.pager_config.http), self.application()).open()
        began = time.time()
        while True:
            await asyncio.sleep(STEP_SECONDS)
            self.watch(began, time.time())

    def watch(self, began: float, now: float) -> None:
        """Tell of every alarm that has changed; `began` is when beats were first listened for."""
        for alarm in self.pager_config.alarms:
            # Before a whole range has passed, silence only means that nothing ran.
            if now - began > alarm.range_seconds:
                self._watch(alarm, now)

    def application(self) -> Starlette:
        """Takes deliveries, and says what was taken and refused."""
        delivery = "/{kind}/{name}/{receiver}"
        return Starlette(
            routes=[
                Route("/", self._read),
                Route("/healthy", _healthy),
                Route("/notifications", self._list),
                Route("/refusal", self._refusal, methods=["GET", "PUT", "DELETE"]),
                Route(delivery, self._receive, methods=["POST"]),
                # Some protocols add a path of their own.
                Route(f"{delivery}/{{rest:path}}", self._receive, methods=["POST"]),
            ]
        )

    async def _read(self, _request: Request) -> Response:
        return PlainTextResponse(to_be_read(self.inbox.notifications))

    async def _list(self, request: Request) -> Response:
        since = float(request.query_params.get("since", "0"))
        found = [item for item in self.inbox.notifications if item.received_at >= since]
        return Response(LIST_FORM.dump_json(found), media_type="application/json")

    async def _refusal(self, request: Request) -> Response:
        if request.method == "PUT":
            wanted = await request.json()
            self.inbox.refuse(wanted["contact_points"], time.time() + float(wanted["seconds"]))
        elif request.method == "DELETE":
            self.inbox.refuse((), 0.0)
        refusing = self.inbox.refusing(time.time())
        return JSONResponse({"refused": self.inbox.refused, "refusing": refusing})

    async def _receive(self, request: Request) -> Response:
        kind, name, receiver = (request.path_params[part] for part in ("kind", "name", "receiver"))
        answer = self._deliver(kind, name, receiver, await request.body())
        return Response(answer.body, answer.status, media_type=answer.content_type)

    def _deliver(self, kind: str, name: str, receiver: str, body: bytes) -> Answer:
        recipient = self._recipients.get((kind, name))
        if recipient is None:
            return Answer(status=404, body=f"no contact point {name!r} of kind {kind!r}\n")
        try:
            message = KINDS[kind].read(body)
        except (ValueError, KeyError) as error:
            return Answer(status=400, body=f"not a message of kind {kind}: {error!r}\n")
        if self.inbox.refuses(name, time.time()):
            return Answer(status=500, body="refused for a while\n")
        too_long = KINDS[kind].too_long
        if too_long is not None and not _fits(message, DEPLOYED[kind].bound):
            self.inbox.refused += 1
            return too_long
        self.inbox.deliver(recipient, receiver, message, time.time())
        return KINDS[kind].answer(len(self.inbox.notifications))

    def _takes_mail(self, sender: str) -> bool:
        """Whether an e-mail of this sender, which names a contact point, is taken now."""
        name = email.name_of(sender)
        known = (email.EMAIL.name, name) in self._recipients
        return known and not self.inbox.refuses(name, time.time())

    def _receive_mail(self, sender: str, mail: bytes) -> None:
        recipient = self._recipients[email.EMAIL.name, email.name_of(sender)]
        message = KINDS[recipient.kind].read(mail)
        self.inbox.deliver(recipient, email.receiver_of(mail), message, time.time())

    def _watch(self, alarm: Alarm, now: float) -> None:
        state = state_at(alarm, self.inbox.beats(self.pager_config.topics[alarm.topic]), now)
        if state is self._alarm_states[alarm.name]:
            return
        self._alarm_states[alarm.name] = state
        sounds = state is AlarmState.ALARM
        message = Message(
            title=f"{state}: {alarm.name}",
            text=f"{'No' if sounds else 'Again a'} beat on {alarm.topic}.",
            status="firing" if sounds else "resolved",
        )
        for topic in alarm.actions if sounds else alarm.ok_actions:
            recipient = self._recipients[SNS.name, self.pager_config.topics[topic]]
            self.inbox.deliver(recipient, None, message, now)


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("healthy\n")


def _fits(message: Message, bound: Bound) -> bool:
    """Whether the real receiver would take a message of this length."""
    lengths = ((message.text, bound.text), (message.title, bound.title))
    return all(most is None or len(text.encode()) <= most for text, most in lengths)


def serve(pager_config: Path, log: Path) -> None:
    """Run until killed."""
    read = PagerConfig.read(pager_config)
    asyncio.run(PagerServer(read, Inbox(log, read.recipients)).run())
