"""How a drill speaks to the running world."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from rehearsal.machine import loopback
from rehearsal.machine.addresses import REMOTE_WRITE_RELAY, WORLD, Address
from rehearsal.world.faults import REFUSE, Fault


@dataclass(frozen=True)
class WorldClient:
    """Breaks and mends the simulated world; a change is in force when the call returns.

    Every method raises loopback.UnansweredError where nothing is up, and
    loopback.HttpStatusError for a name that is not in the world.
    """

    address: Address = WORLD

    def faults(self) -> dict[str, dict[str, object] | None]:
        """The fault of every service and relay, None where it is healthy."""
        return loopback.get_json(self.address.url("/faults"))

    def break_service(self, name: str, fault: Fault = REFUSE) -> None:
        """Let a service be down or slow."""
        self._send("PUT", f"/faults/{quote(name)}", fault.document())

    def mend_service(self, name: str) -> None:
        """Let a service be healthy."""
        self._send("DELETE", f"/faults/{quote(name)}", None)

    def block_remote_write(self) -> None:
        """Let the collector's samples no longer reach AMP; they queue."""
        self.break_service(REMOTE_WRITE_RELAY)

    def open_remote_write(self) -> None:
        """Let the collector's samples, and what queued, reach AMP again."""
        self.mend_service(REMOTE_WRITE_RELAY)

    def hosts(self) -> dict[str, dict[str, float]]:
        """Each host's traffic in bytes per second, `receive` and `transmit`."""
        return loopback.get_json(self.address.url("/hosts"))

    def set_traffic(self, host: str, *, receive: float, transmit: float) -> None:
        """Let a host's network carry so many bytes per second in and out."""
        document = {"receive": receive, "transmit": transmit}
        self._send("PUT", f"/hosts/{quote(host)}/traffic", document)

    def rest(self, host: str) -> None:
        """Let a host's traffic be usual again."""
        self._send("DELETE", f"/hosts/{quote(host)}/traffic", None)

    def _send(self, method: str, path: str, document: object) -> None:
        loopback.send_json(method, self.address.url(path), document)
