"""``modprobe`` as the kernel calls it: ``modprobe -q -- NAME`` (2.4: ``-s -k -- NAME``), with three variables.

The daemon is asked first, where one listens. When there is none, or it does not answer in time, all is done here:
policy, loading, the record. Nothing is said but to syslog, as there is nobody at the other end of stderr; a name that
means nothing is not even that, as kernels ask for many such. The exit status is what request_module() returns (times
256), and all that kernels look at is whether it is 0.
"""

from __future__ import annotations

import os
import time

from lkm.autoload.nouns import ALLOW, DENY, KERNEL, Entry, Outcome, Request, Verdict
from lkm.cli.messages import NOTICE, Messages
from lkm.errors import LkmError
from lkm.kernel.helper import why_unsafe
from lkm.kernel.linux import LinuxKernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.plan.resolve import World

#: Where the daemon listens (as lkm.system.client has it, which is imported only if there is something there).
SOCKET = "/run/lkm/socket"
#: How long the daemon may take, in seconds. It answers at once when it has too much to do.
PATIENCE = 5.0
#: Causes that are everyday life, and no news for syslog.
_QUIET = ("done", "not-found", "builtin")


def main(name: str, socket: str = SOCKET) -> int:
    """Answer the kernel's call; return the exit status, 0 when what it asked for is there."""
    request = Request(name, KERNEL, time.time())
    unsafe = why_unsafe(name)
    if not unsafe and os.path.exists(socket):
        from lkm.system.client import ask

        outcome = ask(name, PATIENCE, kernel=True, path=socket)
        if outcome is not None:
            return outcome.status
    say = Messages("modprobe", NOTICE, to_syslog=True)
    try:
        entry = _refuse(request, unsafe) if unsafe else _Helper(say).answer(request)
    except LkmError as error:
        say.error(f"{name}: {error}")
        entry = Entry(request, Verdict(ALLOW), Outcome(1, "failed", (), str(error)))
    _tell(entry, say)
    _record(entry, say)
    return entry.outcome.status if entry.outcome else 1


def _refuse(request: Request, why: str) -> Entry:
    text = f"asked for {request.alias!r}, which is refused: {why}"
    return Entry(request, Verdict(DENY, text), Outcome(5, "forbidden", (), text))


class _Helper:
    """What an answer needs besides the request."""

    def __init__(self, say: Messages) -> None:
        self._say = say
        self._kernel = LinuxKernel()
        self._world: World | None = None

    def world(self) -> World:
        if self._world is None:
            from lkm.system.world import open_world

            self._world, _ = open_world("", self._kernel.release(), (), self._kernel.cmdline())
        return self._world

    def answer(self, request: Request) -> Entry:
        """Ask policy, load, and return what came of it."""
        verdict = self._verdict(request)
        if verdict.word != ALLOW:
            from lkm.autoload.events import forbidden

            return Entry(request, verdict, forbidden(verdict))
        from lkm.cli.serve import serve

        outcome = serve(request.alias, self.world(), self._kernel)
        if outcome.modules:
            self._mark(outcome.modules, request)
        return Entry(request, verdict, outcome)

    def _mark(self, modules: tuple[str, ...], request: Request) -> None:
        """Note that the modules may go again when they are unused; in a child, for whom the kernel does not wait.

        What reads and writes the marks takes longer to import than all else takes to be done.
        """
        try:
            child = os.fork()
        except OSError as error:
            self._say.warning(f"{', '.join(modules)} not marked for autoclean: {error.strerror}")
            return
        if child:
            return
        try:
            from lkm.system.autoloaded import Store

            Store(self._kernel).mark(modules, request)
        except LkmError as error:
            self._say.warning(str(error))
        finally:
            os._exit(0)

    def _verdict(self, request: Request) -> Verdict:
        from lkm.system.configfiles import POLICY, conf_files

        files = conf_files(POLICY)
        if not files:
            return Verdict(ALLOW)
        from lkm.cli.policyworld import policy_of, read_rules

        facts, problems = read_rules(files=files)
        for problem in problems:
            self._say.warning(str(problem))
        return policy_of(facts, self.world, f"/boot/vmlinuz-{self._kernel.release()}")(request)


def _tell(entry: Entry, say: Messages) -> None:
    outcome = entry.outcome
    if outcome is None or outcome.cause in _QUIET:
        return
    if entry.verdict.word == ALLOW:
        say.error(f"{entry.request.alias}: {outcome.text}")
    else:
        say.say(NOTICE, f"{entry.request.alias}: {outcome.text}")


def _record(entry: Entry, say: Messages) -> None:
    """Add it to the history. What cannot be recorded there (the disk is full, or not mounted yet) is in syslog."""
    from lkm.system.history import History

    try:
        History().append(entry)
    except LkmError as error:
        from lkm.autoload.history import line

        say.error(f"could not be recorded: {error}: {line(entry)}")
