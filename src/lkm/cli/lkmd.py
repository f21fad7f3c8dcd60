"""``lkm lkmd``: the daemon that loads modules for devices, programs, the kernel's helper and the boot."""

from __future__ import annotations

import os
import sys

from lkm.cli import site
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError, UsageError
from lkm.system.client import SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.events import Remember
    from lkm.autoload.policy import Policy
    from lkm.cli.site import Site
    from lkm.kernel.interface import ShownKernel
    from lkm.origin import Problem
    from lkm.system.journal import Journal
    from lkm.system.lkmd import Choices

USAGE = """lkm lkmd [options]

Serves until SIGTERM. SIGHUP: all configuration is read anew; changed files are noticed without it. docs/daemon.md."""
OPTIONS = (
    Option("", "socket", "PATH", f"take requests there, not at {SOCKET}"),
    Option("", "metrics", "ADDRESS", "tell Prometheus at unix:PATH, PORT or HOST:PORT"),
    Option("j", "jobs", "N", "load for so many requests at once (8)"),
    Option("", "autoclean", "SECONDS", "take out what is unused so often, not as autoclean.conf says; 0: never"),
    Option("", "no-coldplug", "", "do not load what devices need that are there already"),
    Option("", "no-uevents", "", "do not load what devices need that come"),
    Option("", "no-modules-load", "", "do not load what modules-load.d and the kernel command line want"),
    Option("", "policy", "PATH", "read rules there, not in lkm/autoload.d; may be repeated"),
    Option("", "log", "WAY", "say messages to: auto, journal, syslog, stderr"),
    Option("v", "verbose", "", "say more"),
    Option("q", "quiet", "", "say warnings and errors only"),
    *site.OPTIONS,
    VERSION,
    HELP,
)
_INITRD = "/etc/initrd-release"


def main(argv: list[str]) -> int:
    """Serve; return 0 when told to end, 2 when it could not begin."""
    understood = understand("lkm lkmd", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    try:
        if operands:
            raise UsageError(f"'{operands[0]}' is not understood", hint="`lkm lkmd --help` lists the options")
        return _Service(options).run()
    except LkmError as error:
        sys.stderr.write(f"lkm lkmd: ERROR: {error}\n" + (f"  {error.hint}\n" if error.hint else ""))
        return 2


class _Service:
    """One run, put together."""

    def __init__(self, options: list[tuple[str, str]]) -> None:
        """Raises LkmError."""
        from lkm.cli.policyworld import LEAF
        from lkm.system.configfiles import DIRECTORIES

        self._given = dict(options)
        self._rules = tuple([value for key, value in options if key == "policy"])
        self._choices = _choices(self._given)
        self._journal = _journal(self._given)
        places = self._rules or tuple([f"{place}/{LEAF}" for place in DIRECTORIES])
        self._site: Site = site.Site(options, self._complain, places)

    def _complain(self, problem: Problem) -> None:
        from lkm.system.journal import WARNING

        self._journal.say(WARNING, f"{problem} ({problem.hint})" if problem.hint else str(problem))

    def run(self) -> int:
        """Serve."""
        import asyncio

        from lkm.system.history import History, path_of
        from lkm.system.lkmd import Daemon, Parts
        from lkm.system.sdnotify import Manager

        manager = Manager()
        parts = Parts(
            self._site.resolver,
            self._worker,
            self._policy,
            self._site.modaliases,
            self._boot,
            History(path_of(self._site.kernel)).append,
        )
        return asyncio.run(Daemon(parts, self._choices, self._journal, manager).run())

    def _worker(self) -> Callable[[Any], Any]:
        """Return what does a worker's jobs, in its own process."""
        from lkm.autoload.events import Remember
        from lkm.cli.kernels import open_kernel
        from lkm.kernel.linux import LinuxKernel

        every = self._choices.autoclean
        load = self._site.worker()
        kernel = open_kernel(LinuxKernel)

        def work(payload: Any) -> Any:
            if isinstance(payload, str):
                return load(payload)
            return _remember(kernel, payload) if isinstance(payload, Remember) else _sweep(kernel, every)

        return work

    def _policy(self) -> Policy:
        from lkm.cli.policyworld import policy_of, read_rules

        facts, problems = read_rules(self._rules)
        for problem in problems:
            self._complain(problem)
        image = f"{self._site.root}/boot/vmlinuz-{self._site.release}"
        return policy_of(facts, lambda: self._site.resolver.world, image if os.path.exists(image) else "")

    def _boot(self) -> tuple[str, ...]:
        """Return what is to be loaded at boot, each once, in order."""
        from lkm.config.modulesload import of_cmdline, parse
        from lkm.system.configfiles import BOOT, conf_files

        wanted = list(of_cmdline(self._site.cmdline, initrd=os.path.exists(_INITRD)))
        problems: list[Problem] = []
        for path, text in conf_files(BOOT, problems=problems):
            found, wrong = parse(text, path)
            wanted += found
            problems += wrong
        for problem in problems:
            self._complain(problem)
        return tuple(dict.fromkeys([each.name for each in wanted]))


def _remember(kernel: ShownKernel, action: Remember) -> list[str]:
    """Mark modules for autoclean; return what is to be said."""
    from lkm.system.autoloaded import Store

    try:
        Store(kernel).mark(action.modules, action.request)
    except LkmError as error:
        return [f"{', '.join(action.modules)} not marked for autoclean: {error}"]
    return []


def _sweep(kernel: ShownKernel, every: float) -> list[str]:
    """Take out what is unused, if that is configured (``mode active``); return what is to be said."""
    from lkm.cli.autoclean_sweep import read_settings, sweep_now
    from lkm.cli.messages import Messages

    say = Messages("lkmd", -1)
    say.heard = []
    removed: tuple[str, ...] = ()
    if read_settings(say).active:
        _, removed = sweep_now(kernel, say, every=every)
    lines = [text for level, text, _ in say.heard if level != "info"]
    return [f"autoclean: {line}" for line in (*lines, *[f"removed {name}" for name in removed])]


def _choices(given: dict[str, Any]) -> Choices:
    from lkm.autoload.events import Limits
    from lkm.system.lkmd import Choices

    jobs = _number(given, "jobs", 8)
    if not 1 <= jobs <= 50:
        raise UsageError(f"--jobs is a number from 1 to 50, not {jobs:g}")
    return Choices(
        given.get("socket", SOCKET),
        given.get("metrics", ""),
        "no-uevents" not in given,
        "no-coldplug" not in given,
        "no-modules-load" not in given,
        _number(given, "autoclean", _period()),
        Limits(jobs=int(jobs)),
    )


def _period() -> float:
    """Return how often there is to be a sweep, as configured; what is wrong there each sweep tells."""
    from lkm.cli.autoclean_sweep import read_settings
    from lkm.cli.messages import Messages

    return read_settings(Messages("lkmd", -1)).period


def _number(given: dict[str, Any], key: str, default: float) -> float:
    text = given.get(key, str(default))
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise UsageError(f"--{key} is a number, not '{text}'")
    return number


def _journal(given: dict[str, str]) -> Journal:
    from lkm.system.journal import DEBUG, INFO, WARNING, WAYS, Journal

    way = given.get("log", "auto")
    if way not in WAYS:
        raise UsageError(f"--log is one of {', '.join(WAYS)}, not '{way}'")
    return Journal("lkmd", way, DEBUG if "verbose" in given else WARNING if "quiet" in given else INFO)
