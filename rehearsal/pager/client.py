"""How a drill reads what the contact points were told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from rehearsal.machine import loopback
from rehearsal.machine.addresses import PAGER, Address
from rehearsal.pager.notifications import LIST_FORM, Notification


@dataclass(frozen=True)
class PagerClient:
    """Reads the running pager. Raises loopback.UnansweredError where none runs."""

    address: Address = PAGER

    def notifications(self, since: float = 0.0) -> list[Notification]:
        """What was received at `since` (seconds since the epoch) or later, in that order."""
        path = f"/notifications?{urlencode({'since': since})}"
        return LIST_FORM.validate_json(loopback.get(self.address.url(path)))

    def refuse(self, seconds: float, contact_points: Iterable[str] = ()) -> None:
        """Answer deliveries to these contact points, or to all, with errors for so long."""
        document = {"contact_points": list(contact_points), "seconds": seconds}
        loopback.send_json("PUT", self.address.url("/refusal"), document)

    def accept(self) -> None:
        """End a refusal before its time."""
        loopback.request("DELETE", self.address.url("/refusal"))

    def refusing(self) -> list[str]:
        """The contact points that answer deliveries with errors now."""
        return list(loopback.get_json(self.address.url("/refusal"))["refusing"])

    def refused(self) -> int:
        """How many deliveries were refused so far."""
        return int(loopback.get_json(self.address.url("/refusal"))["refused"])
