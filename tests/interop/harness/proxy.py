"""A TCP proxy on loopback that delays both ways and counts the client's turns and segments."""

import queue
import select
import socket
import struct
import threading
import time

# struct tcp_info: eight octets, then 32-bit and four 64-bit fields; tcpi_data_segs_in stands here.
TCP_INFO_OCTETS = 192
DATA_SEGMENTS_IN = 152
SECONDS = 30
POLL_SECONDS = 0.2


class Proxy:
    """Serves one connection; `turns` and `segments` are there once `finish` returned."""

    def __init__(self, port, delay, is_open=True):
        self.target = port
        self.delay = delay
        self.events = []
        self.segments = 0
        self.over = False
        self.lock = threading.Lock()
        self.thread = None
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        if is_open:
            self.open()

    def open(self):
        """From now on it listens; until then the port is its own, and connections are refused."""
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        # Closed when the client ended without having connected.
        with self.listener:
            client = self.accept()
        if client:
            self.carry(client, self.target)

    def accept(self):
        """The next connection; None if the client ended without one."""
        while not select.select([self.listener], [], [], POLL_SECONDS)[0]:
            if self.over:
                return None
        return self.listener.accept()[0]

    def carry(self, client, target):
        """Both ways, until both have ended."""
        server = socket.create_connection(("127.0.0.1", target), SECONDS)
        with client, server:
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.settimeout(SECONDS)
            pumps = [
                threading.Thread(target=self.pump, args=ends, daemon=True)
                for ends in (("client", client, server), ("server", server, client))
            ]
            for pump in pumps:
                pump.start()
            for pump in pumps:
                pump.join(SECONDS)
            self.count(client)

    def count(self, client):
        info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_OCTETS)
        (self.segments,) = struct.unpack_from("I", info, DATA_SEGMENTS_IN)

    def pump(self, who, source, sink):
        waiting = queue.Queue()
        forward = threading.Thread(target=self.forward, args=(waiting, sink), daemon=True)
        forward.start()
        try:
            while octets := source.recv(1 << 16):
                with self.lock:
                    self.events.append((who, octets))
                waiting.put((time.monotonic() + self.delay, octets))
        except OSError:
            pass
        waiting.put((time.monotonic() + self.delay, None))
        forward.join(SECONDS)

    def forward(self, waiting, sink):
        try:
            while True:
                due, octets = waiting.get()
                time.sleep(max(due - time.monotonic(), 0))
                if octets is None:
                    return sink.shutdown(socket.SHUT_WR)
                sink.sendall(octets)
        except OSError:
            pass

    def finish(self):
        """The client has ended: waits until all it sent is through."""
        self.over = True
        if self.thread:
            self.thread.join(SECONDS)
        self.listener.close()

    @property
    def sent(self):
        """All that the client sent."""
        return b"".join(octets for who, octets in self.events if who == "client")

    @property
    def turns(self):
        """What the client sent, by turn: a turn begins where the server spoke last."""
        turns, last = [], "server"
        for who, octets in self.events:
            if who == "client":
                if last == "server":
                    turns.append(b"")
                turns[-1] += octets
            last = who
        return turns
