"""A workload that asks others through its own proxy, by the call graph.

It waits for as long as a load balancer in front of the shop would: whatever ends a call sooner is
the proxy's doing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio

from gallery.plan.patience import LONGEST
from rehearsal.machine.addresses import Address
from rehearsal.world.listeners import PAGE
from rehearsal.world.topology import Upstream

_WHOLE, _FIRST = -1, 65536
_PING, _PONG = b"PING\r\n", b"+PONG"
# One request of a caller asks every second of its callees.
_EVERY = 2
_OPTIONS = (
    # A proxy that comes back is found again within a second.
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.use_local_subchannel_pool", 1),
    # Whatever http_proxy says, 127.0.0.0/8 is here.
    ("grpc.enable_http_proxy", 0),
)


@dataclass
class Caller:
    """Asks a workload's upstreams one after another, and of each one's methods now this, now that.

    The first one that is needed and does not answer ends it, as it does in the store's own code.
    """

    upstreams: Sequence[Upstream]
    _turn: int = field(default=0, init=False)
    _channels: dict[str, grpc.aio.Channel] = field(
        default_factory=dict[str, grpc.aio.Channel], init=False
    )

    async def answer(self) -> bool:
        """Ask for what one request takes; whether everybody answered that it needs."""
        turn, self._turn = self._turn, self._turn + 1
        for number, upstream in enumerate(self.upstreams):
            if (turn + number) % _EVERY == 0 and not await self._served(upstream, turn // _EVERY):
                return False
        return True

    async def begin(self) -> bool:
        """Ask everybody once, of one's own accord; whether everybody answered that it needs."""
        turn, self._turn = self._turn, self._turn + 1
        for upstream in self.upstreams:
            if not await self._served(upstream, turn):
                return False
        return True

    async def _served(self, upstream: Upstream, turn: int) -> bool:
        methods = upstream.methods
        answered = await self._ask(upstream, methods[turn % len(methods)] if methods else "")
        return answered or not upstream.needed

    async def _ask(self, upstream: Upstream, method: str) -> bool:
        try:
            async with asyncio.timeout(LONGEST.seconds):
                match upstream.protocol:
                    case "http":
                        return await _page(upstream, method)
                    case "grpc":
                        return await self._call(upstream, method)
                    case _:
                        return await _ping(upstream)
        except (TimeoutError, OSError):
            return False

    async def _call(self, upstream: Upstream, path: str) -> bool:
        if upstream.name not in self._channels:
            options = (*_OPTIONS, ("grpc.default_authority", upstream.authority))
            self._channels[upstream.name] = grpc.aio.insecure_channel(
                upstream.address, options=options
            )
        try:
            await self._channels[upstream.name].unary_unary(path)(b"")
        except grpc.aio.AioRpcError:
            return False
        return True


async def _page(upstream: Upstream, verb: str) -> bool:
    lines = (
        f"{verb} {PAGE} HTTP/1.1",
        f"Host: {upstream.authority}",
        "Content-Length: 0",
        "Connection: close",
        "",
        "",
    )
    answer = await _exchange(upstream, "\r\n".join(lines).encode(), _WHOLE)
    return answer.split(b" ", 2)[1:2] == [b"200"]


async def _ping(upstream: Upstream) -> bool:
    return (await _exchange(upstream, _PING, _FIRST)).startswith(_PONG)


async def _exchange(upstream: Upstream, words: bytes, size: int) -> bytes:
    """What comes back of words, up to a size in bytes. Raises OSError."""
    address = Address.parse(upstream.address)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(words)
        return await reader.read(size)
    finally:
        writer.close()
