"""What ``lkm lkmd`` and ``lkm coldplug`` work on: a kernel, its module tree, and workers that load into it."""

from __future__ import annotations

import os

from lkm.cli.kernels import for_commands, is_live, of_today, open_kernel
from lkm.cli.options import Option
from lkm.errors import LkmError, MachineError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.session import inherited
from lkm.system.resolver import Resolver
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lkm.autoload.nouns import Outcome
    from lkm.index.lookup import ModuleIndex
    from lkm.origin import Problem
    from lkm.plan.resolve import World

OPTIONS = (
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; may be repeated"),
    Option("", "no-cmdline", "", "do not read the kernel command line"),
    Option("", "sys", "DIR", "where devices are looked for: /sys, for a simulated kernel nowhere"),
)


class Site:
    """The place. ``complain`` is told of each problem of the configuration, whenever that is read.

    ``more`` are directories whose changes the resolver shall notice too. Raises LkmError.
    """

    def __init__(
        self, options: Sequence[tuple[str, str]], complain: Callable[[Problem], None], more: tuple[str, ...] = ()
    ) -> None:
        of_today()
        self._given = dict(options)
        self._complain = complain
        self._configs = tuple([value for key, value in options if key == "config"])
        self._bare = "no-cmdline" in self._given
        self.kernel = open_kernel(LinuxKernel)
        self.root = self._given.get("dirname", "") or self.kernel.root()
        self.release = self._given.get("set-version", "") or self.kernel.release()
        self.cmdline = "" if self._bare else self.kernel.cmdline()
        self.resolver = Resolver(self._open, self._configs, more)
        if not os.path.isdir(self.resolver.world.directory):
            hint = "-d ROOT and -S RELEASE name another; depmod indexes one"
            raise MachineError("there is no such module directory", self.resolver.world.directory, 2, hint)

    def _open(self) -> tuple[World, ModuleIndex]:
        world, index = open_world(self.root, self.release, self._configs, self.cmdline)
        for problem in world.settings.problems:
            if not problem.origin.file.startswith(f"{index.directory}/"):  # kernels come with odd softdeps
                self._complain(problem)
        return world, index

    def modaliases(self) -> tuple[str, ...]:
        """Return the modaliases of the devices that are there."""
        from lkm.kernel.modaliases import modaliases

        directory = self._given.get("sys", "/sys" if is_live() else "")
        return modaliases(directory) if directory else ()

    def worker(self) -> Callable[[Any], Outcome]:
        """Return what loads an alias; to be called in a process of its own, which has the warm resolver already."""
        from lkm.autoload.nouns import Outcome
        from lkm.cli.serve import serve
        from lkm.report import causes

        kernel = open_kernel(LinuxKernel)
        environment = inherited(self._configs, cmdline=not self._bare) | for_commands()

        def work(alias: str) -> Outcome:
            try:
                self.resolver.refresh()
                return serve(alias, self.resolver.world, kernel, environment)
            except (LkmError, OSError) as error:
                return Outcome(causes.status("failed"), "failed", (), str(error))

        return work
