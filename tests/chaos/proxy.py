"""A network that can be cut: a proxy on a TCP port before a server's socket, told what to do with what passes.

with Proxy(socket_path) as proxy:
    proxy.now(Cuts(after=20_000))       # every connection from now on is reset once so many bytes have passed
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_CHUNK = 1 << 14


@dataclass(frozen=True)
class Passes:
    """Everything passes, each piece after some seconds."""

    delay: float = 0.0


@dataclass(frozen=True)
class Refuses:
    """Every new connection is reset."""


@dataclass(frozen=True)
class Cuts:
    """One connection is reset (a later one passes) once so many bytes have passed on all connections together."""

    after: int


Weather = Passes | Refuses | Cuts


def may_drop() -> bool:
    return os.geteuid() == 0 and shutil.which("iptables") is not None


@contextmanager
def dropping(port: int) -> Iterator[Callable[[], None]]:
    """Gives what makes the network drop every packet from and to a port, so that neither side hears of it."""
    rules = [["-o", "lo", "-p", "tcp", side, str(port), "-j", "DROP"] for side in ("--dport", "--sport")]

    def drop(do: str = "-I") -> None:
        for rule in rules:
            subprocess.run(["iptables", do, "OUTPUT", *rule], check=do == "-I", capture_output=True)

    try:
        yield drop
    finally:
        drop("-D")


class Proxy:
    """Start with `with`; `port` is where it listens on 127.0.0.1."""

    def __init__(self, target: str) -> None:
        self.target, self.weather = target, Passes()
        self.passed = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def now(self, weather: Weather) -> None:
        with self._lock:
            self.weather, self.passed = weather, 0

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if isinstance(self.weather, Refuses):
                    _reset(client)
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self.target)
                except OSError:
                    _reset(client)
                    continue
                for each in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=each, daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(_CHUNK):
                if self._is_cut(len(piece)):
                    break
                if isinstance(self.weather, Passes) and self.weather.delay:
                    time.sleep(self.weather.delay)
                other.sendall(piece)
        for each in (one, other):
            _reset(each)

    def _is_cut(self, size: int) -> bool:
        with self._lock:
            self.passed += size
            if isinstance(self.weather, Refuses):
                return True
            if isinstance(self.weather, Cuts) and self.passed > self.weather.after:
                self.weather = Passes()
                return True
            return False


def _reset(end: socket.socket) -> None:
    """Close at once: the other side learns of it by an error, not by an end of the stream."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()
