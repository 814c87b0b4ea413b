"""A server that tells the date (RFC 4330, RFC 5905): one UDP socket, mode 4, stratum 1."""

import select
import socket
import struct
import threading
import time

# Seconds from 1900 to 1970.
ERA = 2_208_988_800
# First octet: leap indicator, version, mode. RFC 4330 §4.
VERSIONS = (3, 4)
CLIENT, SERVER = 3, 4
OCTETS = 48
POLL_SECONDS = 0.1


class Sntp:
    """Answers until `finish`. `offset` seconds wrong; or silent; or to a question nobody asked. `heals`:
    wrong only the first time."""

    def __init__(self, offset=0, is_silent=False, is_spoofed=False, heals=False):
        self.offset = offset
        self.heals = heals
        self.is_silent = is_silent
        self.is_spoofed = is_spoofed
        self.asked = 0
        self.faults = []
        self.over = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.over:
            if select.select([self.socket], [], [], POLL_SECONDS)[0]:
                request, address = self.socket.recvfrom(1024)
                self.asked += 1
                self.faults += check(request)
                if not self.is_silent and len(request) >= OCTETS:
                    self.socket.sendto(self.answer(request), address)

    def answer(self, request):
        # The client's transmit timestamp comes back as the originate timestamp.
        originate = bytes(reversed(request[40:48])) if self.is_spoofed else request[40:48]
        now = stamp(time.time() + (0 if self.heals and self.asked > 1 else self.offset))
        version = request[0] >> 3 & 7
        head = struct.pack(">BBbbII4s", version << 3 | SERVER, 1, 6, -20, 0, 0, b"LOCL")
        return head + now + originate + now + now

    def finish(self):
        self.over = True
        self.thread.join()
        self.socket.close()


def stamp(seconds):
    seconds += ERA
    return struct.pack(">II", int(seconds), int(seconds % 1 * 2**32))


def check(request):
    """RFC 4330 §5: a client sends version and mode, and zero in all else but its transmit time."""
    if len(request) != OCTETS:
        return [f"a question of {len(request)} octets"]
    version, mode = request[0] >> 3 & 7, request[0] & 7
    if version not in VERSIONS or mode != CLIENT:
        return [f"a question of version {version}, mode {mode}"]
    return [] if any(request[40:48]) else ["a question without a transmit timestamp"]
