"""What requests are made with: a kernel, the modules and the configuration that go with it."""

from __future__ import annotations

from lkm.names import fold
from lkm.plan.resolve import COMMAND_LINE, Candidate
from lkm.record import Record
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

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

    ``environment`` is what commands of the configuration get. Raises LkmError for extra roots that are not there.
    """

    def __init__(
        self, kernel: ShownKernel, where: Where | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.kernel = kernel
        self.where = where or Where()
        self.environment = environment or {}
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


class Listener:
    """Who hears of a request while it is done: this one takes no notice."""

    def planned(self, candidate: Candidate, plan: Plan) -> None:
        """Hear how a module that the name means is going to be loaded or removed."""

    def did(self, entry: Entry) -> None:
        """Hear what came of a step."""

    def came(self, attempt: Attempt) -> None:
        """Hear what came of it, once for each module."""
