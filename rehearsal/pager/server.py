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
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from gallery.contact_points.kinds import KINDS as DEPLOYED
from gallery.contact_points.message import Bound
from rehearsal.heartbeat import STEP_SECONDS, Alarm, AlarmState, state_at
from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpRequest, HttpResponse, HttpServer
from rehearsal.pager.contact_points import email
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.pager.contact_points.sns import SNS
from rehearsal.pager.inbox import Inbox, PagerConfig, Recipient
from rehearsal.pager.mail import MailServer, name_of
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
        await HttpServer(Address.parse(self.pager_config.http), self.answer).open()
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

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Take a delivery, or say what was taken and refused."""
        match request.method, request.steps:
            case "GET", ():
                return HttpResponse.text(to_be_read(self.inbox.notifications))
            case "GET", ("healthy",):
                return HttpResponse.text("healthy\n")
            case "GET", ("notifications",):
                return self._list(request)
            case (("PUT" | "DELETE" | "GET"), ("refusal",)):
                return self._refusal(request)
            case "POST", (kind, name, receiver, *_rest):
                return self._receive(kind, name, receiver, request.body)
            case _:
                return HttpResponse.text("no such thing to ask for\n", 404)

    def _list(self, request: HttpRequest) -> HttpResponse:
        since = float(parse_qs(request.query).get("since", ["0"])[0])
        found = [item for item in self.inbox.notifications if item.received_at >= since]
        return HttpResponse(content_type="application/json", body=LIST_FORM.dump_json(found))

    def _refusal(self, request: HttpRequest) -> HttpResponse:
        if request.method == "PUT":
            wanted = json.loads(request.body)
            self.inbox.refuse(wanted["contact_points"], time.time() + float(wanted["seconds"]))
        elif request.method == "DELETE":
            self.inbox.refuse((), 0.0)
        refusing = self.inbox.refusing(time.time())
        return HttpResponse.json({"refused": self.inbox.refused, "refusing": refusing})

    def _receive(self, kind: str, name: str, receiver: str, body: bytes) -> HttpResponse:
        recipient = self._recipients.get((kind, name))
        if recipient is None:
            return HttpResponse.text(f"no contact point {name!r} of kind {kind!r}\n", 404)
        try:
            message = KINDS[kind].read(body)
        except (ValueError, KeyError) as error:
            return HttpResponse.text(f"not a message of kind {kind}: {error!r}\n", 400)
        if self.inbox.refuses(name, time.time()):
            return HttpResponse.text("refused for a while\n", 500)
        too_long = KINDS[kind].too_long
        if too_long is not None and not _fits(message, DEPLOYED[kind].bound):
            self.inbox.refused += 1
            return too_long
        self.inbox.deliver(recipient, receiver, message, time.time())
        return KINDS[kind].answer(len(self.inbox.notifications))

    def _takes_mail(self, sender: str) -> bool:
        """Whether an e-mail of this sender, which names a contact point, is taken now."""
        name = name_of(sender)
        known = (email.EMAIL.name, name) in self._recipients
        return known and not self.inbox.refuses(name, time.time())

    def _receive_mail(self, sender: str, mail: bytes) -> None:
        recipient = self._recipients[email.EMAIL.name, name_of(sender)]
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


def _fits(message: Message, bound: Bound) -> bool:
    """Whether the real receiver would take a message of this length."""
    lengths = ((message.text, bound.text), (message.title, bound.title))
    return all(most is None or len(text.encode()) <= most for text, most in lengths)


def serve(pager_config: Path, log: Path) -> None:
    """Run until killed."""
    read = PagerConfig.read(pager_config)
    asyncio.run(PagerServer(read, Inbox(log, read.recipients)).run())
