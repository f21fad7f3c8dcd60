"""What the daemon counts, in the form that Prometheus reads, on a Unix socket or a TCP port.

The text is prometheus_client's; its own servers are threads, of which a process that forks had better have none, so
the few lines of HTTP are answered here. Labels are words from short lists, never what a client said.
"""

from __future__ import annotations

import asyncio
import os
import socket

from lkm.errors import UsageError
from lkm.system.files import machine_error, make_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.autoload.nouns import Entry

_MAX_HEAD = 8192
_SECONDS = 5.0
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The daemon's counters. ``gauges``: name → (what it is, what tells its value now)."""

    def __init__(self, gauges: dict[str, tuple[str, Callable[[], float]]]) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        labels = ("requester", "verdict", "cause")
        self._requests = Counter(
            "lkm_requests", "Requests, by who asked and what came of it", labels, registry=registry
        )
        self._seconds = Histogram("lkm_request_seconds", "How long loads took", buckets=_BUCKETS, registry=registry)
        self._inserted = Counter("lkm_modules_inserted", "Modules inserted for requests", registry=registry)
        self._events = Counter("lkm_daemon_events", "What happened to the daemon", ("event",), registry=registry)
        for name, (text, value) in gauges.items():
            Gauge(f"lkm_{name}", text, registry=registry).set_function(value)

    def request(self, entry: Entry) -> None:
        """Count a request."""
        outcome = entry.outcome
        cause = outcome.cause if outcome else "none"
        self._requests.labels(entry.request.requester, entry.verdict.word, cause).inc()
        if outcome is not None and not outcome.shared:
            self._seconds.observe(outcome.seconds)
            self._inserted.inc(len(outcome.modules))

    def event(self, word: str, times: int = 1) -> None:
        """Count something else that happened."""
        self._events.labels(word).inc(times)

    def text(self) -> bytes:
        """Return all of it, in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)


def open_address(address: str) -> socket.socket:
    """Return a socket that listens at ``unix:PATH``, ``PORT`` (of this machine alone), or ``HOST:PORT``.

    Raises UsageError for anything else, MachineError when it can't be had.
    """
    kind, _, path = address.partition(":")
    try:
        listening = _at_path(path) if kind == "unix" and path else _at_port(address)
    except OSError as error:
        raise machine_error(error, address) from error
    listening.setblocking(False)
    return listening


def _at_path(path: str) -> socket.socket:
    make_directory(os.path.dirname(path) or ".")
    if os.path.exists(path):
        os.unlink(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(path)
        listening.listen(16)
    except OSError:
        listening.close()
        raise
    return listening


def _at_port(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 1 << 16):
        raise UsageError(f"'{address}' is no address", hint="unix:PATH, PORT or HOST:PORT")
    host = host.strip("[]") or "127.0.0.1"
    return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


async def serve(listening: socket.socket, metrics: Metrics) -> asyncio.Server:
    """Answer GET of any path with the metrics, one question a connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                if head.split(b" ", 1)[0] == b"GET":
                    body, status = metrics.text(), b"200 OK"
                else:
                    body, status = b"only GET is answered\n", b"405 Method Not Allowed"
                kind = b"text/plain; version=0.0.4; charset=utf-8"
                length = str(len(body)).encode()
                writer.write(b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %b\r\n" % (status, kind, length))
                writer.write(b"Connection: close\r\n\r\n" + body)
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    if listening.family == socket.AF_UNIX:
        return await asyncio.start_unix_server(answer, sock=listening, limit=_MAX_HEAD)
    return await asyncio.start_server(answer, sock=listening, limit=_MAX_HEAD)
