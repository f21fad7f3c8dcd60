"""The whole daemon on a simulated kernel: requests, devices, boot, changes, the service manager, the end."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lkm.autoload.nouns import Entry, Outcome, Verdict
from lkm.index.lookup import ModuleIndex
from lkm.plan.resolve import World
from lkm.state.uevent import Uevent
from lkm.system.journal import Journal
from lkm.system.lkmd import Choices, Parts
from lkm.system.lkmd import Daemon as Daemon_
from lkm.system.resolver import Resolver
from lkm.system.sdnotify import Manager
from lkm.system.world import open_world
from tests.support.daemon import LKM, Daemon, ask, nobody, sim_world, until


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, value in sim_world(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "x.conf").write_text("")
    (tmp_path / "rules").mkdir()
    yield tmp_path


def start(place: Path, *options: str) -> Daemon:
    return Daemon(place, "-C", str(place / "x.conf"), "--policy", str(place / "rules"), "--no-uevents", *options)


def loaded() -> list[str]:
    out = subprocess.run([LKM, "sim", "proc", "modules"], capture_output=True, text=True, check=True).stdout
    return sorted(line.split()[0] for line in out.splitlines())


def test_requests_and_their_record(place: Path) -> None:
    with start(place) as daemon:
        first, again, other, nothing = daemon.ask("fs-msdos", "fs-msdos", "fs-other", "nosuch")
        assert (first.status, again.status) == (0, 0) and {*first.modules, *again.modules} == {"fat", "msdos"}
        assert (other.status, other.cause) == (11, "version") and "other" in other.text
        assert (nothing.status, nothing.cause, nothing.modules) == (3, "not-found", ())
        assert daemon.stop() == 0
    assert loaded() == ["fat", "msdos"] and not Path(daemon.socket).exists()
    entries = daemon.entries()
    assert sorted(entry["alias"] for entry in entries) == ["fs-msdos", "fs-msdos", "fs-other", "nosuch"]
    entry = next(entry for entry in entries if entry["alias"] == "fs-other")
    assert (entry["requester"], entry["uid"], entry["pid"]) == ("user", os.geteuid(), os.getpid())
    assert "stopping" in daemon.said and "fs-other, asked for by user" in daemon.said
    marked = json.loads((place / "w.autoloaded.json").read_text())
    assert "msdos" in json.dumps(marked)


def test_identical_requests_are_one_load(place: Path) -> None:
    (place / "x.conf").write_text(f"install slow echo x >>{place}/ran; sleep 0.3; {LKM} modprobe -i slow\n")
    with start(place) as daemon:
        outcomes: list[Outcome] = []
        threads = [threading.Thread(target=lambda: outcomes.extend(daemon.ask("fs-slow"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [outcome.status for outcome in outcomes] == [0] * 20
        assert sum(not outcome.shared for outcome in outcomes) == 1
    assert (place / "ran").read_text() == "x\n" and loaded() == ["slow"]


def test_a_load_asks_for_more_and_for_itself(place: Path) -> None:
    """An install command that asks the daemon: for another module that is loaded, for itself that is told so."""
    asks = f"{LKM} request --socket {place}/socket"
    (place / "x.conf").write_text(
        f"install slow {asks} fs-vfat >{place}/one; {asks} fs-slow >{place}/two; {LKM} modprobe -i slow\n"
    )
    with start(place) as daemon:
        (outcome,) = daemon.ask("fs-slow")
        assert outcome.status == 0
    assert (place / "one").read_text() == "fs-vfat: loaded fat, vfat\n"
    assert (place / "two").read_text().startswith("fs-slow: not loaded (loop)")


def test_nobody_gets_nothing_without_a_rule_and_rules_are_noticed(place: Path) -> None:
    place.chmod(0o755)
    for path in (place, *place.parents):  # nobody may come here
        if path.stat().st_mode & 0o001 == 0:
            path.chmod(path.stat().st_mode | 0o011)
    with start(place) as daemon:
        with nobody():
            (before,) = daemon.ask("fs-msdos")
        (place / "rules/x.conf").write_text("allow from user uid 65534 alias fs-msdos\n")
        time.sleep(1.1)  # files are looked at once a second
        with nobody():
            after, more = daemon.ask("fs-msdos", "fs-vfat")
        assert (before.cause, after.cause, more.cause) == ("forbidden", "done", "forbidden")
        until(lambda: len(daemon.entries()) == 3)
        assert sorted(entry["verdict"] for entry in daemon.entries()) == ["allow", "deny", "deny"]


def test_devices_and_boot(place: Path) -> None:
    for name, alias in (("a", "pci:v00000001d2"), ("b", "pci:unknown")):
        (place / "sys/devices" / name).mkdir(parents=True)
        (place / "sys/devices" / name / "modalias").write_text(f"{alias}\n")
    with start(place, "--sys", str(place / "sys")) as daemon:
        until(lambda: daemon.entries())
        assert [(e["requester"], e["alias"], e["modules"]) for e in daemon.entries()] == [
            ("uevent", "pci:v00000001d2", ["fat", "vfat"])
        ]
        assert "devices have 2 modaliases" in daemon.said


def test_changed_indexes_and_configuration_are_noticed(place: Path) -> None:
    (place / "x.conf").write_text("blacklist msdos\n")
    with start(place) as daemon:
        assert daemon.ask("fs-msdos")[0].cause == "blacklisted"
        (place / "x.conf").write_text("alias fs-new vfat\n")
        until(lambda: daemon.ask("fs-new")[0].status == 0)
        assert daemon.ask("fs-msdos")[0].status == 0
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in daemon.said)


def test_the_end_waits_for_a_load_and_answers(place: Path) -> None:
    (place / "x.conf").write_text(f"install slow touch {place}/began; sleep 0.5; {LKM} modprobe -i slow\n")
    with start(place) as daemon:
        outcomes: list[Outcome] = []
        asking = threading.Thread(target=lambda: outcomes.extend(daemon.ask("fs-slow")))
        asking.start()
        until(lambda: (place / "began").exists())
        daemon.process.terminate()
        asking.join()
        assert daemon.process.wait(20) == 0
        with pytest.raises((ConnectionError, FileNotFoundError)):
            daemon.ask("fs-vfat")
    assert [outcome.status for outcome in outcomes] == [0] and loaded() == ["slow"]
    assert [entry["alias"] for entry in daemon.entries()] == ["fs-slow"]


class FakeUevents:
    """Uevents that come when the test says so."""

    def __init__(self) -> None:
        self.socket, self.other = socket.socketpair()
        self.refused = 0
        self.turns: list[tuple[list[Uevent], bool]] = []

    def take(self) -> tuple[list[Uevent], bool]:
        return self.turns.pop(0)

    def close(self) -> None:
        self.socket.close()
        self.other.close()


def test_lost_uevents_have_all_devices_looked_at(place: Path) -> None:
    """Real ones: tests/lab/test_daemon.py. That the kernel's buffer is full takes longer than a test may."""
    said: list[str] = []

    async def run() -> None:
        loads: list[str] = []

        def opened() -> tuple[World, ModuleIndex]:
            return open_world(str(place / "tree"), "1.0", (str(place / "x.conf"),), "")

        def make() -> Callable[[Any], Any]:
            return lambda payload: Outcome(0, "done") if isinstance(payload, str) else []

        def note(*entries: Entry) -> None:
            with (place / "noted").open("a") as file:
                file.write("".join(f"{entry.request.alias}\n" for entry in entries))

        def looked() -> tuple[str, ...]:
            loads.append("coldplug")
            return ("fs-vfat", "fs-unknown")

        parts = Parts(
            Resolver(opened, (str(place / "x.conf"),)),
            make,
            lambda: lambda _: Verdict("allow"),
            looked,
            lambda: (),
            note,
        )
        choices = Choices(str(place / "s"), uevents=False, coldplug=False)
        daemon = Daemon_(parts, choices, Journal("test", "stderr", -1), Manager({}))
        running = asyncio.ensure_future(daemon.run())
        await asyncio.sleep(0.01)
        heard = daemon._uevents = FakeUevents()  # type: ignore[assignment]
        pci = Uevent("add", "/devices/x", "pci:v00000001d1")
        heard.turns += [([pci, pci], False), ([Uevent("change", "/devices/x", "fs-msdos")], False), ([], True)]
        daemon._heard()
        daemon._heard()
        assert loads == []
        heard.turns.append(([], True))
        daemon._heard()
        daemon._heard()
        while not loads:
            await asyncio.sleep(0.01)
        assert loads == ["coldplug"]
        while daemon._devices.busy or daemon._recorder.busy:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(running, 20) == 0
        said.extend((place / "noted").read_text().splitlines())

    asyncio.run(run())
    assert said == ["pci:v00000001d1", "fs-vfat"]


def test_a_worker_that_dies_fails_its_request_alone(place: Path) -> None:
    (place / "x.conf").write_text("install slow kill -9 $PPID\n")
    with start(place) as daemon:
        dead, fine = daemon.ask("fs-slow", "fs-vfat")
        assert (dead.cause, fine.cause) == ("failed", "done") and "died" in dead.text


def test_the_service_manager_is_told(place: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place / "notify"))
        manager.settimeout(20)
        variables = {"NOTIFY_SOCKET": str(place / "notify"), "WATCHDOG_USEC": "300000"}
        options = ("-C", str(place / "x.conf"), "--policy", str(place / "rules"), "--no-uevents")
        with Daemon(place, *options, environment=variables) as daemon:
            heard = [manager.recv(1000).decode() for _ in range(6)]
            assert any(text.startswith("READY=1\n") for text in heard)
            assert any(text.startswith("STATUS=0 loads run") for text in heard)
            assert heard.count("WATCHDOG=1") >= 2
            daemon.process.send_signal(signal.SIGHUP)
            while "RELOADING=1\n" not in manager.recv(1000).decode() + "\n":
                pass
            daemon.process.terminate()
            while manager.recv(1000) != b"STOPPING=1":
                pass


def test_a_passed_socket_is_listened_on_and_left(place: Path) -> None:
    path = str(place / "passed")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        script = 'exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        words = [LKM, "lkmd", "--log", "stderr", "--no-uevents", "--no-modules-load", "-C", str(place / "x.conf")]
        variables = {**os.environ, "LKM_HISTORY": str(place / "h")}
        with subprocess.Popen(["sh", "-c", script, "sh", *words], stdin=listening.fileno(), env=variables) as process:
            assert ask(path, "fs-vfat")[0].status == 0
            process.terminate()
            assert process.wait(20) == 0
    assert Path(path).exists()


def test_a_second_daemon_does_not_begin(place: Path) -> None:
    with start(place) as daemon:
        done = subprocess.run([LKM, "lkmd", "--socket", daemon.socket], capture_output=True, text=True)
        assert done.returncode == 2 and "another daemon listens there" in done.stderr
        assert daemon.ask("fs-vfat")[0].status == 0


def test_a_history_that_cannot_be_written_is_told_and_stops_nothing(place: Path) -> None:
    (place / "history.jsonl").mkdir()
    with start(place) as daemon:
        assert daemon.ask("fs-vfat", "fs-msdos")[0].status == 0
        until(lambda: "the history lacks entries" in daemon.said)
        assert os.strerror(errno.EISDIR) in daemon.said
