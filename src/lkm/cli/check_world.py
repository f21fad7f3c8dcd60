"""Would modules load? Each is loaded into a throwaway simulated kernel, after what it needs."""

from __future__ import annotations

import errno
import os
import shutil

from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.names import fold, name_from_path
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.system.moduletree import IndexedTree

#: What a module is refused for when a twin of it is loaded, though it would load alone.
_TWIN = "exports duplicate symbol"


class Judged(Record):
    """What came of one module: ``errno`` is 0 when it loads; ``after`` what was loaded before it; ``refused`` which
    of that was refused itself. ``path`` is its file.
    """

    name: str
    path: str
    errno: int
    log: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Judge:
    """Loads modules into a copy of a world. ``pristine`` is the file of one in which nothing is loaded."""

    def __init__(self, pristine: str, tree: IndexedTree | None, place: str) -> None:
        self._pristine = pristine
        self._tree = tree
        self._place = place
        self._done: dict[str, Judged] = {}
        path = f"{place}/world-{os.getpid()}"
        shutil.copyfile(pristine, path)
        self._kernel = SimulatedKernel(path)

    def all(self, names: Sequence[str]) -> list[Judged]:
        """Judge modules of the tree, all in one kernel: those that another one keeps out, alone."""
        with self._kernel.world.change():
            return [self._in_tree(name) for name in names]

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
        from lkm.diagnose.examine import examine
        from lkm.errors import LkmError
        from lkm.system.files import read_bytes

        try:
            facts = examine(path, read_bytes(path)).facts
        except LkmError:
            return ()
        direct = [
            fold(each) for value in (facts.values("depends") if facts else ()) for each in value.split(",") if each
        ]
        return tuple(dict.fromkeys([each for one in direct for each in (*reversed(tree.needs(one)), one)][::-1]))

    def _in_tree(self, name: str) -> Judged:
        if name not in self._done:
            assert self._tree
            path = self._tree.path(name)
            found = self._load(name, path, "", self._tree.needs(name))
            if found.errno and (found.errno == errno.EEXIST or any(_TWIN in line for line in found.log)):
                found = Judge(self._pristine, self._tree, self._twin()).one(path, "")
            self._done[name] = found
        return self._done[name]

    def _twin(self) -> str:
        place = f"{self._place}/twin-{os.getpid()}"
        os.makedirs(place, exist_ok=True)
        return place

    def _load(self, name: str, path: str, parameters: str, needs: tuple[str, ...]) -> Judged:
        after = tuple(reversed(needs))
        refused = tuple([each for each in after if self._in_tree(each).errno])
        outcome = self._kernel.load(path, parameters)
        log = tuple([record.text for record in outcome.log])
        number = outcome.errno if isinstance(outcome, Refused) else 0
        return Judged(name, path, number, log, after, refused)
