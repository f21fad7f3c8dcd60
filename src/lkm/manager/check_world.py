"""Would modules load? Each is loaded into a throwaway simulated kernel, after what it needs."""

from __future__ import annotations

import errno
import os
import shutil

from lkm.diagnose.doubts import EXPORTS, MACHINE, VERMAGIC
from lkm.diagnose.examine import examine
from lkm.errors import LkmError
from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.names import fold, name_from_path
from lkm.record import Record
from lkm.system.files import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.manager.check_kernel import Known
    from lkm.modfile.nouns import ModuleFacts

#: What a module is refused for when a twin of it is loaded, though it would load alone.
_TWIN = ": exports duplicate symbol "


class Judged(Record):
    """What came of one module: ``errno`` is 0 when it loads; ``call`` what was refused (``open`` and ``read``: of its
    file); ``after`` what was loaded before it; ``refused`` which of that was refused itself, ``hidden`` the files of
    that which could not be read. ``path`` is its file, ``parameters`` what it was given.
    """

    name: str
    path: str
    errno: int
    log: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    parameters: str = ""
    call: str = ""
    hidden: tuple[str, ...] = ()

    @property
    def unread(self) -> bool:
        """Tell whether its file is there but could not be read by us, which tells nothing of the kernel's answer."""
        return self.call in ("open", "read") and self.errno not in (0, errno.ENOENT, errno.ENOEXEC)


class Judge:
    """Loads modules into a copy of the kernel of ``known``. ``options`` gives the configured parameters of a module;
    ``place`` is a directory for throwaway files.
    """

    def __init__(self, known: Known, options: Callable[[str], str], place: str) -> None:
        self._known = known
        self._tree = known.tree
        self._options = options
        self._place = place
        self._done: dict[str, Judged] = {}
        #: (module, symbol, owner) of those that were refused beside the owner, though they load alone.
        self.twins: list[tuple[str, str, str]] = []
        path = f"{place}/world-{os.getpid()}"
        shutil.copyfile(known.world, path)
        self._kernel = SimulatedKernel(path)

    def all(self, names: Sequence[str], tick: Callable[[int], object] = lambda _: None) -> list[Judged]:
        """Judge modules of the tree, all in one kernel: those that another one keeps out, alone."""
        found = []
        with self._kernel.world.change():
            for number, name in enumerate(names):
                tick(number)
                found.append(self._in_tree(name))
        return found

    def one(self, path: str, parameters: str) -> Judged:
        """Judge a file, in a kernel that has had no other; what it needs comes from the tree."""
        name = str(name_from_path(path))
        with self._kernel.world.change():
            return self._load(name, path, parameters, self._needs(name, path))

    def _needs(self, name: str, path: str) -> tuple[str, ...]:
        """Return what a module needs: as the tree's index says, or for a file of elsewhere, as it says itself."""
        tree = self._tree
        if tree is None:
            return ()
        if tree.path(name) and os.path.realpath(tree.path(name)) == os.path.realpath(path):
            return tree.needs(name)
        facts = self._facts(path)
        direct = [
            fold(each) for value in (facts.values("depends") if facts else ()) for each in value.split(",") if each
        ]
        own = [each for each in direct if tree.path(each) and each != name]
        return tuple(dict.fromkeys([each for one in own for each in (*reversed(tree.needs(one)), one)][::-1]))

    def _facts(self, path: str) -> ModuleFacts | None:
        try:
            return examine(path, read_bytes(path)).facts
        except LkmError:
            return None

    def _in_tree(self, name: str) -> Judged:
        if name not in self._done:
            assert self._tree
            path = self._tree.path(name)
            found = self._load(name, path, self._options(name), self._tree.needs(name))
            shared = [line.partition(_TWIN)[2] for line in found.log if _TWIN in line]
            if found.errno == errno.EEXIST or (found.errno and shared):
                pairs = [line.rstrip(")").partition(" (owned by ") for line in shared]
                self.twins += [(name, symbol, owner) for symbol, _, owner in pairs if owner != "kernel"]
                found = Judge(self._known, self._options, self._twin()).one(path, found.parameters)
            self._done[name] = found
        return self._done[name]

    def exports(self) -> dict[str, str]:
        """Return who owns each symbol that a module has exported so far."""
        return dict(self._kernel.world.db.execute("SELECT name, module FROM exports WHERE module != ''"))

    def _twin(self) -> str:
        place = f"{self._place}/twin-{os.getpid()}"
        os.makedirs(place, exist_ok=True)
        return place

    def _load(self, name: str, path: str, parameters: str, needs: tuple[str, ...]) -> Judged:
        after = tuple(reversed(needs))
        sick = [self._in_tree(each) for each in after if self._in_tree(each).errno]
        refused = tuple([each.name for each in sick if not each.unread])
        hidden = tuple([each.path for each in sick if each.unread])
        if self._known.lacking & {EXPORTS, VERMAGIC, MACHINE}:
            self._suppose(path)
        outcome = self._kernel.load(path, parameters)
        log = tuple([record.text for record in outcome.log])
        number = outcome.errno if isinstance(outcome, Refused) else 0
        return Judged(name, path, number, log, after, refused, parameters, outcome.call, hidden)

    def _suppose(self, path: str) -> None:
        """Suppose that the kernel has whatever is not known of it in the way that suits a module."""
        facts, world, lacking = self._facts(path), self._kernel.world, self._known.lacking
        if facts is None:
            return
        if VERMAGIC in lacking:
            world.set_meta("vermagic", facts.vermagic)
            world.set_meta("machine", str(facts.machine))
        if EXPORTS in lacking:
            tree = self._tree
            names = [n.name for n in facts.needs if not (tree and tree.owners(n.name))]
            world.db.executemany("INSERT OR IGNORE INTO exports(name) VALUES(?)", [(name,) for name in names])
