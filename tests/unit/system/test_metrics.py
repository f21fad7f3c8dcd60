"""What Prometheus reads, by prometheus_client's own parser, over a Unix socket and TCP."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lkm.autoload.nouns import ALLOW, DENY, KERNEL, Entry, Outcome, Request, Verdict
from lkm.errors import MachineError, UsageError
from lkm.system.metrics import Metrics, open_address, serve


def counted() -> Metrics:
    metrics = Metrics({"loads_running": ("Loads that run", lambda: 2)})
    asked = Request("fs-vfat", KERNEL, 1.0)
    metrics.request(Entry(asked, Verdict(ALLOW), Outcome(0, "done", ("fat", "vfat"), "", 0.02)))
    metrics.request(Entry(asked, Verdict(ALLOW), Outcome(0, "done", ("fat", "vfat"), "", 0.02, True)))
    metrics.request(Entry(asked, Verdict(DENY)))
    metrics.event("uevent", 3)
    return metrics


def samples(text: str) -> dict[str, float]:
    return {
        " ".join([sample.name, *[f"{k}={v}" for k, v in sorted(sample.labels.items())]]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_counted() -> None:
    found = samples(counted().text().decode())
    assert found["lkm_requests_total cause=done requester=kernel verdict=allow"] == 2
    assert found["lkm_requests_total cause=none requester=kernel verdict=deny"] == 1
    assert found["lkm_modules_inserted_total"] == 2 and found["lkm_request_seconds_count"] == 1
    assert found["lkm_request_seconds_bucket le=0.025"] == 1 and found["lkm_request_seconds_bucket le=0.01"] == 0
    assert found["lkm_loads_running"] == 2 and found["lkm_daemon_events_total event=uevent"] == 3
    assert not [name for name in found if name.endswith("_created")]


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_it_is_served(tmp_path: Path, kind: str) -> None:
    async def run() -> None:
        listening = open_address(f"unix:{tmp_path}/m" if kind == "unix" else "0")
        where = listening.getsockname()
        server = await serve(listening, counted())

        async def get(request: bytes) -> bytes:
            if kind == "unix":
                reader, writer = await asyncio.open_unix_connection(where)
            else:
                reader, writer = await asyncio.open_connection(*where)
            writer.write(request)
            if not request.endswith(b"\r\n\r\n"):
                writer.write_eof()
            data = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return data

        head, _, body = (await get(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n") and f"Content-Length: {len(body)}".encode() in head
        assert samples(body.decode())["lkm_modules_inserted_total"] == 2
        assert (await get(b"POST / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 405")
        assert await get(b"GET / HT") == b""
        assert await get(b"x" * 100_000) == b""
        server.close()

    asyncio.run(run())


def test_addresses_that_are_none(tmp_path: Path) -> None:
    for address in ("x", "unix:", "host:port", "1:999999"):
        with pytest.raises(UsageError, match="is no address"):
            open_address(address)
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(MachineError):
        open_address(str(other.getsockname()[1]))
    with pytest.raises(MachineError):
        open_address(f"unix:{tmp_path}/{'x' * 200}")
