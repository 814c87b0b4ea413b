"""The way from the firmware to the server: where each of its connections leads, and how far.

It is the interop harness's proxy for several connections. It may be closed at first, as a server that is
down; and it cuts a connection in the middle.
"""

import socket
import struct
import threading
import time
from dataclasses import dataclass

from harness.proxy import SECONDS, Proxy

END_SECONDS = 5
# SO_LINGER on, for no time: closing resets the connection (RFC 9293 §3.6).
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Leg:
    """Where one connection leads."""

    port: int
    # After so many octets from the client it is reset; None: never.
    cut: int | None = None


class Road(Proxy):
    """The first connection takes the first leg, the next the next; all further ones the last."""

    def __init__(self, legs, is_open=True):
        self.legs = legs
        self.carried = []
        self.cuts = 0
        super().__init__(None, 0, is_open)

    def serve(self):
        with self.listener:
            while client := self.accept():
                leg = self.legs[min(len(self.carried), len(self.legs) - 1)]
                client = client if leg.cut is None else Cut(client, leg.cut, self)
                thread = threading.Thread(target=self.carry, args=(client, leg.port), daemon=True)
                thread.start()
                self.carried.append(thread)

    def count(self, client):
        """Of a connection that was cut nothing can be asked, and nobody asks."""

    def finish(self):
        """The firmware has ended: waits until the server has seen the end of its connections."""
        super().finish()
        end = time.monotonic() + END_SECONDS
        for thread in self.carried:
            thread.join(max(end - time.monotonic(), 0))


class Cut(socket.socket):
    """A connection that is reset once so many octets have come."""

    def __init__(self, connection, octets, road):
        super().__init__(fileno=connection.detach())
        self.left = octets
        self.road = road

    def recv(self, *arguments):
        octets = super().recv(*arguments)[: self.left]
        self.left -= len(octets)
        if self.left == 0:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # At once: what the firmware sends from now on must not wait here as if it had arrived.
            self.close()
            self.road.cuts += 1
            raise ConnectionResetError("cut")
        return octets
