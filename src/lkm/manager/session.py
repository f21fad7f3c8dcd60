"""What requests are made with: a kernel, the modules and the configuration that go with it."""

from __future__ import annotations

import os

from lkm.manager.kernels import for_commands
from lkm.names import fold
from lkm.plan.resolve import COMMAND_LINE, Candidate
from lkm.record import Record
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import ShownKernel
    from lkm.manager.explainer import Explainer
    from lkm.plan.progress import Entry
    from lkm.plan.resolve import World
    from lkm.plan.steps import Plan
    from lkm.report.document import Attempt


class Where(Record):
    """Which modules and which configuration, where that is not the kernel's own.

    ``root``: below it modules are; ``release``: that of the kernel they are for; ``configs``: files or directories to
    read instead of the usual ones; ``extra_roots``: take modules below these too, the last first; ``cmdline``: read
    the kernel command line as well.
    """

    root: str = ""
    release: str = ""
    configs: tuple[str, ...] = ()
    extra_roots: tuple[str, ...] = ()
    cmdline: bool = True


class Session:
    """A kernel with its module indexes and its configuration, as they are when it is made.

    ``environment`` is what commands of the configuration get, so that they work on the same kernel with the same
    configuration. Raises LkmError for extra roots that are not there.
    """

    def __init__(self, kernel: ShownKernel, where: Where | None = None) -> None:
        self.kernel = kernel
        self.where = where or Where()
        configs, roots, cmdline = self.where.configs, self.where.extra_roots, self.where.cmdline
        self.environment = inherited(configs, roots, cmdline) | for_commands(kernel)
        self.root = self.where.root or kernel.root()
        self.release = self.where.release or kernel.release()
        self.world, self.index = self.opened()

    def opened(self) -> tuple[World, ModuleIndex]:
        """Return world and index, read anew."""
        cmdline = self.kernel.cmdline() if self.where.cmdline else ""
        return open_world(self.root, self.release, self.where.configs, cmdline, self.where.extra_roots)

    def explainer(self) -> Explainer:
        """Return who explains what fails here."""
        from lkm.manager.explainer import Explainer

        return Explainer(self.kernel, self.world.directory, index=self.index, settings=self.world.settings)

    def path(self, name: str) -> str:
        """Return the file of a module, "" where there is none."""
        return self.world.path(Candidate(fold(name), "", COMMAND_LINE))


def inherited(configs: Sequence[str], extra_roots: Sequence[str] = (), cmdline: bool = True) -> dict[str, str]:
    """Return what commands of the configuration get, so that their own modprobe reads the same."""
    words = [os.environ.get("MODPROBE_OPTIONS", "")]
    words += [f"-C {value}" for value in configs] + [f"--extra-root {value}" for value in extra_roots]
    text = " ".join(" ".join([*words, "" if cmdline else "--no-cmdline"]).split())
    return {"MODPROBE_OPTIONS": text} if text else {}


class Listener:
    """Who hears of a request while it is done: this one takes no notice."""

    def planned(self, candidate: Candidate, plan: Plan) -> None:
        """Hear how a module that the name means is going to be loaded or removed."""

    def did(self, entry: Entry) -> None:
        """Hear what came of a step."""

    def came(self, attempt: Attempt) -> None:
        """Hear what came of it, once for each module."""
