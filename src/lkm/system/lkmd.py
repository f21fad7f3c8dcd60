"""The daemon: the kerneld of today. It loads what devices, programs, the kernel's helper and the boot ask for.

An asyncio loop around the engine (lkm.autoload.engine), which decides all; loads are done by worker processes. What
it needs to know of kernels, trees and policy comes in as functions (``Parts``); this module names none.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from contextlib import suppress

from lkm.autoload.engine import Engine
from lkm.autoload.events import Limits
from lkm.autoload.nouns import BOOT, KERNEL, UEVENT, USER, Outcome, Request
from lkm.errors import LkmError
from lkm.record import Record
from lkm.system.devicefeed import Feed
from lkm.system.dispatch import Dispatch
from lkm.system.journal import DEBUG, ERR, INFO, NOTICE, WARNING
from lkm.system.recorder import Recorder
from lkm.system.socketserver import Server, bind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.events import Policy
    from lkm.autoload.nouns import Entry
    from lkm.autoload.wire import Ask
    from lkm.system.journal import Journal
    from lkm.system.metrics import Metrics
    from lkm.system.netlink import UeventSocket
    from lkm.system.resolver import Resolver
    from lkm.system.sdnotify import Manager
    from lkm.system.socketserver import Peer

#: How often files are looked at for changes, at most, and states are told to the service manager.
_LOOK = 1.0
#: How long loads that run are waited for at the end.
_STOP = 20.0
#: Causes that are everyday life.
_QUIET = ("not-found", "builtin", "blacklisted")
#: What is given to a worker instead of an alias.
AUTOCLEAN = "autoclean", "sweep"


class Choices(Record):
    """How the daemon shall be. ``metrics`` is an address, or "" for none; ``autoclean`` a period, 0 for never."""

    socket: str
    metrics: str = ""
    uevents: bool = True
    coldplug: bool = True
    boot: bool = True
    autoclean: float = 0.0
    limits: Limits = Limits()


class Parts(Record):
    """What the daemon does not know by itself.

    ``work`` makes what does a worker's jobs: an alias → Outcome; a Remember (of the engine) or AUTOCLEAN → lines to
    be said. ``policy`` and ``boot`` read configuration anew; ``append`` writes to the history.
    """

    resolver: Resolver
    work: Callable[[], Callable[[Any], Any]]
    policy: Callable[[], Policy]
    modaliases: Callable[[], tuple[str, ...]]
    boot: Callable[[], tuple[str, ...]]
    append: Callable[..., None]


class Daemon:
    """One run of it."""

    def __init__(self, parts: Parts, choices: Choices, journal: Journal, manager: Manager) -> None:
        self._parts = parts
        self._choices = choices
        self._journal = journal
        self._manager = manager
        self._looked = 0.0
        self._bound = ""
        self._replug: asyncio.TimerHandle | None = None
        self._uevents: UeventSocket | None = None
        self._metrics: Metrics | None = None

    async def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit status. Raises LkmError when it can't begin."""
        self._loop = loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unforeseen)
        self._end = asyncio.Event()
        self._changed = asyncio.Event()
        self._set_up()
        try:
            await self._listen()
        except (LkmError, OSError):
            self._leave()
            raise
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._begin()
        await self._end.wait()
        await self._stop()
        return 0

    def _unforeseen(self, _: object, context: dict[str, Any]) -> None:
        """Say what went wrong in a callback, and go on."""
        error = context.get("exception")
        self._journal.say(ERR, f"{context.get('message')}: {error!r}" if error else str(context.get("message")))

    # Beginning

    def _set_up(self) -> None:
        loop, parts, limits = self._loop, self._parts, self._choices.limits
        complain = lambda text: self._journal.say(ERR, text)  # noqa: E731
        notice = lambda text: self._journal.say(NOTICE, text)  # noqa: E731
        self._recorder = Recorder(parts.append, complain, loop.add_reader, loop.remove_reader)
        engine = Engine(parts.policy(), limits)
        self._dispatch = Dispatch(engine, parts.work, loop, self._note, notice, limits.kernel_jobs)
        self._server = Server(self._asked, self._count, busy=lambda: self._recorder.full)
        self._devices = Feed(lambda name, answer: self._put(name, UEVENT, answer), self._known, loop)
        self._boot = Feed(lambda name, answer: self._put(name, BOOT, answer), lambda _: True, loop)
        self._devices.finished = self._boot.finished = self._tell

    async def _listen(self) -> None:
        choices = self._choices
        passed = self._manager.sockets()
        netlink = next((each for each in passed if each.family == socket.AF_NETLINK), None)
        streams = [each for each in passed if each.family == socket.AF_UNIX]
        if not streams:
            streams = [bind(choices.socket)]
            self._bound = choices.socket
        for listening in streams:
            await self._server.listen(listening)
        if choices.metrics:
            from lkm.system.metrics import open_address, serve

            self._metrics = _metrics(self._dispatch, self._server, self._recorder)
            self._metrics_server = await serve(open_address(choices.metrics), self._metrics)
        if choices.uevents:
            from lkm.system.netlink import UeventSocket

            self._uevents = UeventSocket(netlink)
            self._loop.add_reader(self._uevents.socket.fileno(), self._heard)

    def _begin(self) -> None:
        choices = self._choices
        if choices.boot:
            self._boot.add(self._parts.boot())
        if choices.coldplug:
            self._coldplug("at start")
        self._manager.tell("READY=1", f"MAINPID={os.getpid()}")
        self._journal.say(INFO, f"ready; requests are taken at {choices.socket}")
        if self._manager.watchdog:
            self._bark()
        if choices.autoclean:
            self._loop.call_later(choices.autoclean, self._clean)
        self._tell()

    def _bark(self) -> None:
        self._manager.tell("WATCHDOG=1")
        self._loop.call_later(self._manager.watchdog / 3, self._bark)

    # Who asks

    def _asked(self, ask: Ask, peer: Peer, answer: Callable[[Outcome], None]) -> Callable[[], None]:
        """Take a question from the socket. That the kernel asks is believed of root alone."""
        self._look()
        kernel = ask.kernel and peer.uid == 0
        request = Request(
            ask.alias, KERNEL if kernel else USER, time.time(), peer.pid, peer.uid, peer.comm, not ask.stays
        )
        inside = self._dispatch.pool.job_of(peer.ancestors)
        client = self._dispatch.ask(request, answer, inside)
        return lambda: self._dispatch.gone(client)

    def _put(self, name: str, requester: str, answer: Callable[[Outcome], None]) -> None:
        request = Request(name, requester, time.time(), autoclean=requester != BOOT)
        self._dispatch.ask(request, answer)

    def _known(self, alias: str) -> bool:
        """Tell whether a device's modalias means modules: those of most mean none, and many are built in."""
        found = self._parts.resolver.resolve(alias)
        return bool(found.modules) and not found.builtin

    def _heard(self) -> None:
        """Take in uevents. Where some were lost, all devices are looked at."""
        assert self._uevents is not None
        before = self._uevents.refused
        try:
            events, lost = self._uevents.take()
        except LkmError as error:
            self._journal.say(ERR, f"uevents are not heard any more: {error}")
            self._loop.remove_reader(self._uevents.socket.fileno())
            return
        self._count("uevent", len(events))
        self._count("uevent refused", self._uevents.refused - before)
        aliases = [event.modalias for event in events if event.action == "add" and event.modalias]
        if aliases:
            self._look()
        if (lost or not self._devices.add(aliases)) and not self._replug:
            self._replug = self._loop.call_later(_LOOK, self._coldplug, "uevents were lost")

    def _coldplug(self, why: str) -> None:
        self._replug = None
        found = self._parts.modaliases()
        self._count("coldplug")
        self._journal.say(INFO, f"coldplug, {why}: devices have {len(found)} modaliases")
        self._devices.add(found)

    # What came of it

    def _note(self, entry: Entry) -> None:
        self._recorder.note(entry)
        if self._metrics is not None:
            self._metrics.request(entry)
        request, outcome = entry.request, entry.outcome
        who = request.requester + (f" ({request.comm}, pid {request.pid}, uid {request.uid})" if request.comm else "")
        if outcome is None:
            reason = f"{entry.verdict.word}: {entry.verdict.reason}"
            place = f" ({entry.verdict.origin})" if entry.verdict.origin else ""
            self._journal.say(NOTICE, f"{request.alias}, asked for by {who}: {reason}{place}")
        elif outcome.status:
            quiet = outcome.shared or (outcome.cause in _QUIET and request.requester != BOOT)
            priority = DEBUG if quiet else WARNING
            self._journal.say(priority, f"{request.alias}, asked for by {who}: {outcome.cause}: {outcome.text}")
        elif outcome.modules and not outcome.shared:
            self._journal.say(INFO, f"{request.alias}, asked for by {who}: loaded {', '.join(outcome.modules)}")

    def _count(self, event: str, times: int = 1) -> None:
        if self._metrics is not None and times:
            self._metrics.event(event, times)

    def _tell(self) -> None:
        engine = self._dispatch.engine
        doing = f"{engine.running} loads run, {engine.waiting} wait"
        self._manager.tell(f"STATUS={doing}; {len(self._server.connections)} connections")

    # Changes

    def _look(self) -> None:
        """Notice changed indexes and configuration, now and then."""
        now = self._loop.time()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        try:
            changed = self._parts.resolver.refresh()
        except (LkmError, OSError) as error:
            self._journal.say(ERR, f"indexes and configuration could not be read anew: {error}")
            return
        if changed:
            self._count("reload")
            self._journal.say(INFO, "indexes or configuration have changed")
            self._renew()
        self._tell()

    def _reload(self) -> None:
        """Read all anew (SIGHUP)."""
        self._manager.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._looked = 0.0
        self._look()
        self._renew()
        self._journal.say(INFO, "reloaded")
        self._manager.tell("READY=1")

    def _renew(self) -> None:
        try:
            policy = self._parts.policy()
        except (LkmError, OSError) as error:
            self._journal.say(ERR, f"policy could not be read anew, the old one stands: {error}")
            policy = None
        self._dispatch.reloaded(policy)

    def _clean(self) -> None:
        """Let a worker take out what is unused."""
        self._dispatch.errand(AUTOCLEAN)
        self._loop.call_later(self._choices.autoclean, self._clean)

    # The end

    async def _stop(self) -> None:
        """Take no more questions, let loads that run end, answer, write the history, go."""
        self._manager.tell("STOPPING=1")
        self._journal.say(INFO, "stopping")
        self._server.deafen()
        if self._uevents is not None:
            self._loop.remove_reader(self._uevents.socket.fileno())
            self._uevents.close()
        self._devices.stop()
        self._boot.stop()
        self._dispatch.idle = self._recorder.idle = self._changed.set
        self._dispatch.stopping()
        until = self._loop.time() + _STOP
        while (self._dispatch.working or self._recorder.busy) and (left := until - self._loop.time()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
        if self._dispatch.working:
            self._journal.say(WARNING, f"loads did not end within {_STOP:g} s; they are left")
        self._leave()
        await asyncio.sleep(0)  # what was answered is written

    def _leave(self) -> None:
        """Let go of everything."""
        self._server.close()
        self._dispatch.close()
        self._recorder.close()
        if self._bound:
            with suppress(OSError):
                os.unlink(self._bound)


def _metrics(dispatch: Dispatch, server: Server, recorder: Recorder) -> Metrics:
    from lkm.system.metrics import Metrics

    engine = dispatch.engine
    return Metrics(
        {
            "loads_running": ("Loads that run", lambda: engine.running),
            "loads_waiting": ("Loads that wait for their turn", lambda: engine.waiting),
            "callers": ("Questions that wait for an answer", lambda: engine.callers),
            "connections": ("Clients on the socket", lambda: len(server.connections)),
            "workers": ("Worker processes", lambda: dispatch.pool.size),
            "history_lost": ("Entries that could not be written to the history", lambda: recorder.lost),
        }
    )
