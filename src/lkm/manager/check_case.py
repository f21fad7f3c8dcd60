"""One call of ``lkm check``: its kernel, tree and configuration, and what is to be told of each module."""

from __future__ import annotations

import errno
import os
import pickle

from lkm.config.settings import assemble
from lkm.diagnose import doubts
from lkm.diagnose.engine import RULES, diagnose
from lkm.diagnose.evidence import GOOD, UNKNOWN_KEY, Attempt, Evidence, ModuleFile
from lkm.diagnose.examine import examine
from lkm.diagnose.finding import Fact
from lkm.errors import LkmError, NotFound
from lkm.manager.check_kernel import image_of, known
from lkm.manager.check_notes import notes_on, of_settings, rivals_of, with_origins
from lkm.manager.check_world import Judge, Judged
from lkm.manager.kernelside import with_signature
from lkm.modfile.scan import scan
from lkm.names import fold, is_module_path, name_from_path
from lkm.plan.resolve import COMMAND_LINE, Candidate, World
from lkm.report.check import LOADS, REFUSED, UNKNOWN, CheckResult
from lkm.system.beside import beside
from lkm.system.configfiles import modprobe_files
from lkm.system.files import open_source, read_bytes
from lkm.system.firmware import missing
from lkm.system.indexfiles import open_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.diagnose.finding import Finding
    from lkm.kernel.interface import ShownKernel
    from lkm.manager.check_kernel import Against
    from lkm.manager.check_notes import Notes
    from lkm.system.moduletree import IndexedTree

#: Rules whose findings keep no module out of the kernel.
_NOTES = (
    *("forbidden", "install_command", "blacklisted", "unknown_parameter", "no_firmware"),
    *("shadowed", "absent_softdep", "bad_index"),
)
#: Below so many modules one process is quicker.
_SHARED = 100


class Case:
    """The evidence that all modules of one call share; ``place`` is a directory for throwaway files.

    ``kernel`` is the one whose root and release count where ``against`` names none.
    """

    def __init__(self, kernel: ShownKernel, against: Against, place: str) -> None:
        root = against.root or kernel.root()
        base = os.path.abspath(root or "/").rstrip("/")
        release = against.release
        named = against.root or release or against.symvers or against.system_map
        simulated = None if named else getattr(kernel, "world", None)
        if not against.image:
            release = release or kernel.release()
            against = against._replace(image=image_of(base, release) if simulated is None else "")
        self.known = known(against, base, release, f"{place}/pristine", simulated)
        self.place, self.root, self.tree, self.release = place, base, self.known.tree, self.known.release
        directory = self.tree.origin() if self.tree else ""
        files = modprobe_files(base, against.configs, directory)
        self.settings = assemble(files, against.cmdline)
        self.world = World(directory, open_index(directory), self.settings, os.path.exists)
        self._notes: Notes | None = None

    @property
    def notes(self) -> Notes | None:
        """Return what is to be told of the tree as a whole; None without a tree."""
        if self._notes is None and self.tree:
            self._notes = notes_on(self.tree, self.world)
        return self._notes

    def options(self, name: str) -> str:
        """Return the parameters that the configuration gives to a module."""
        return self.world.options(Candidate(fold(name), "", COMMAND_LINE))

    def all(self, show: Callable[[int, int], object] = lambda _done, _of_all: None) -> list[CheckResult]:
        """Judge all modules of the tree, by two processes where that pays; ``show`` is told how far it is."""
        tree = self.tree
        if tree is None or self.notes is None:
            raise NotFound(f"no module directory for kernel {self.release}", self.root, "name the root with -d")
        names = sorted(tree.names(), key=tree.path)
        if not names:
            return self._without_index(tree, self.notes)
        half = len(names) // 2 if len(names) >= _SHARED else len(names)
        place = f"{self.place}/beside"
        os.makedirs(place)
        rest = beside(lambda: pickle.dumps(self._part(names[half:], place, lambda _: None)))
        share = len(names) / half  # the other half is about as far
        parts = [self._part(names[:half], self.place, lambda done: show(int(done * share), len(names)))]
        parts.append(pickle.loads(rest()))
        found = [result for results, _, _ in parts for result in results]
        rivals = rivals_of([twin for _, twins, _ in parts for twin in twins], [exports for *_, exports in parts])
        found = [
            self._with_rivals(result, rivals[result.name]) if result.name in rivals else result for result in found
        ]
        return found + [self._unindexed(path) for path in self.notes.unindexed]

    def _with_rivals(self, result: CheckResult, rivals: tuple[tuple[str, str], ...]) -> CheckResult:
        more = diagnose(Evidence(name=result.name, tree=self.tree, rivals=rivals), ("shared_export",))
        return result._replace(findings=(*result.findings, *more))

    def _without_index(self, tree: IndexedTree, notes: Notes) -> list[CheckResult]:
        """Tell of a tree that depmod has refused for its circles. Raises NotFound for one that nobody has indexed."""
        command = f"lkm depmod -b {self.root or '/'} {self.release}"
        if not notes.cycles:
            raise NotFound("no module is indexed", tree.origin(), f"`{command}`")
        found = []
        for path in notes.unindexed:
            if (name := str(name_from_path(path))) in notes.cycles:
                found.append(self._unindexed(path))
            else:
                finding = doubts.unindexed("depmod refuses a tree with a circle", tree.origin(), command)
                found.append(CheckResult(name, path, UNKNOWN, findings=(finding,)))
        return found

    def _part(
        self, names: list[str], place: str, tick: Callable[[int], object]
    ) -> tuple[list[CheckResult], list[tuple[str, str, str]], dict[str, str]]:
        """Judge these in one kernel; return also who was refused for whose symbol, and who owned which."""
        concerned, wild = of_settings(self.settings)
        concerned |= self.notes.concerned() if self.notes else set()
        firmware = os.path.isdir(f"{self.root}/lib/firmware")
        found = []
        judge = Judge(self.known, self.options, place)
        for judged in judge.all(names, tick):
            if judged.errno or wild or judged.name in concerned or self.known.lacking or (firmware and _asks(judged)):
                found.append(self.result(judged))
            else:
                found.append(CheckResult(judged.name, judged.path, LOADS, "", judged.after))
        return found, judge.twins, judge.exports()

    def _unindexed(self, path: str) -> CheckResult:
        place = f"{self.place}/unindexed"
        os.makedirs(place, exist_ok=True)
        return self.result(Judge(self.known, self.options, place).one(path, ""), (Fact("it is not listed", path),))

    def one(self, word: str, parameters: str) -> CheckResult:
        """Judge what is named, in a kernel of its own: a module as modprobe loads it, or a file as insmod does."""
        named = "/" not in word and not is_module_path(word)
        path = (self.tree.path(fold(word)) if self.tree else "") if named else word
        if not path:
            near = self.tree.origin() if self.tree else self.root or "/"
            raise NotFound(f"there is no module {word}", near, "name a module of the tree, or a file by its path")
        read_bytes(path)  # raises what is wrong with it
        configured = self.options(word) if named else ""
        text = f"{configured} {parameters}".strip() if configured else parameters
        return self.result(Judge(self.known, self.options, self.place).one(path, text))

    def result(self, judged: Judged, index_faults: tuple[Fact, ...] = ()) -> CheckResult:
        """Return what is to be told of a module; ``index_faults`` is what is wrong with the index about it."""
        if judged.unread:
            finding = doubts.unread(os.strerror(judged.errno), judged.path)
            return CheckResult(judged.name, judged.path, UNKNOWN, "", judged.after, (finding,))
        try:
            data = read_bytes(judged.path)
        except LkmError as error:
            if judged.errno != errno.ENOENT:
                raise
            gone = Fact(error.what, judged.path)
            evidence = Evidence(
                ModuleFile(judged.path), tree=self.tree, attempt=Attempt("open", "ENOENT"), index_faults=(gone,)
            )
            return CheckResult(judged.name, judged.path, REFUSED, "ENOENT", judged.after, self._told(evidence, RULES))
        file = with_signature(examine(judged.path, data), data, self.known.certificates)
        evidence = self._evidence(judged, file)._replace(index_faults=index_faults)
        notes = self._told(evidence._replace(attempt=Attempt(log=judged.log, parameters=judged.parameters)), _NOTES)
        lacking = (*self._doubts(file, judged), *[doubts.unread("cannot be read", path) for path in judged.hidden])
        if not judged.errno:
            verdict = UNKNOWN if lacking else LOADS
            return CheckResult(evidence.name, judged.path, verdict, "", judged.after, (*lacking, *notes))
        number = errno.errorcode.get(judged.errno, str(judged.errno))
        attempt = Attempt("finit_module", number, judged.log, judged.parameters, complete=True)
        found = self._told(evidence._replace(attempt=attempt), RULES)
        if lacking and self._doubtful(judged, file):
            return CheckResult(evidence.name, judged.path, UNKNOWN, "", judged.after, (*lacking, *notes))
        more = [note for note in notes if note.code not in {finding.code for finding in found}]
        return CheckResult(evidence.name, judged.path, REFUSED, number, judged.after, (*found, *more))

    def _evidence(self, judged: Judged, file: ModuleFile) -> Evidence:
        name = file.facts.name if file.facts else judged.name
        lacks = missing(self.root, self.release, file.facts.values("firmware")) if file.facts else ()
        evidence = Evidence(
            file,
            self.known.side,
            self.tree,
            name=name,
            refused=judged.refused,
            no_firmware=lacks,
            settings=self.settings,
        )
        notes = self.notes
        if notes is None:
            return evidence
        return evidence._replace(
            shadows=notes.shadows.get(name, ()),
            cycle=notes.cycles.get(name, ()),
            softdeps_absent=notes.softdeps.get(name, ()),
        )

    def _told(self, evidence: Evidence, rules: tuple[str, ...]) -> tuple[Finding, ...]:
        options = [each for each in self.settings.options if each.module == evidence.name]
        return with_origins(diagnose(evidence, rules), options)

    def _doubts(self, file: ModuleFile, judged: Judged) -> tuple[Finding, ...]:
        lacking = set(self.known.lacking) | (set() if self.tree else {doubts.TREE})
        if self.tree is None and judged.errno != errno.ENOENT:
            lacking.discard(doubts.TREE)
        trusted = file.signature == GOOD
        return tuple(doubts.doubts(file.facts, lacking, self.known.side.origin, trusted=trusted))

    def _doubtful(self, judged: Judged, file: ModuleFile) -> bool:
        """Tell whether the kernel that is known in part might say no only because it is known in part."""
        if judged.errno == errno.ENOENT and (self.tree is None or judged.hidden):
            return True
        key = doubts.CERTIFICATES in self.known.lacking and file.signature == UNKNOWN_KEY
        locked = any(line.startswith("Lockdown: ") for line in judged.log)
        return doubts.MACHINE in self.known.lacking or (key and (judged.errno == errno.EKEYREJECTED or locked))


def _asks(judged: Judged) -> bool:
    """Tell whether a module asks for firmware."""
    with open_source(judged.path) as source:
        return any(record.startswith(b"firmware=") for record in scan(source).modinfo)
