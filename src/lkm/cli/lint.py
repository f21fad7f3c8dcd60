"""``lkm lint``: does the configuration of modules do what its author thinks? ``--fix`` mends what is safe to mend."""

from __future__ import annotations

import os
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.messages import Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.config.depmod import assemble_depmod
from lkm.diagnose.words import typed
from lkm.errors import NotFound, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.lint.case import case_of
from lkm.lint.engine import lint, unasked
from lkm.lint.fix import fixed
from lkm.lint.sheet import CMDLINE, DEPMOD, LOAD, MODPROBE, read
from lkm.report.lint import as_object, diff, failed, sarif, text_of
from lkm.system.conffiles import unchanged
from lkm.system.configfiles import BOOT, depmod_files, files_not_read, hidden_files, load_files, modprobe_files
from lkm.system.files import read_bytes, read_text
from lkm.system.fileset import replace_file
from lkm.system.indexfaults import index_faults
from lkm.system.linttree import LintTree
from lkm.system.tree import find_modules_dir, newest_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw
    from lkm.lint.sheet import Sheet
    from lkm.origin import Problem
    from lkm.report.document import Object

USAGE = """lkm lint [options] [ROOT]

Looks through modprobe.d, modules-load.d, depmod.d and the kernel command line for what does not do what it seems to,
against the modules below ROOT (this machine's, where none is named). Without a module tree, what needs one is left
out. docs/lint.md tells all rules. Status: 0 nothing but notes, 1 something to mend, 2 it could not be told."""
OPTIONS = (
    Option("S", "set-version", "VERSION", "the kernel's release, if not the image's, or the running one"),
    Option("", "image", "IMAGE", "the kernel: its built-in modules and their parameters count too"),
    Option("C", "config", "PATH", "read this modprobe.d file or directory, not the usual ones, and nothing else"),
    Option("", "cmdline", "TEXT", "the kernel command line, if not this kernel's (ROOT: etc/kernel/cmdline there)"),
    Option("", "fix", "", "mend what is safe to mend, in files of /etc and those of -C; tell the rest"),
    Option("n", "dry-run", "", "show what --fix would change, and change nothing"),
    JSON,
    Option("", "sarif", "", "answer in SARIF 2.1.0, for tools that show results of checks"),
    VERSION,
    HELP,
)
#: More rounds of fixes than any file needs: each may bring up a few new ones.
_ROUNDS = 20


def main(argv: list[str]) -> int:
    """Lint; see USAGE for the status."""
    return asked("lint", USAGE, OPTIONS, argv[1:], _lint)


def _lint(given: dict[str, str], operands: list[str], fields: Object) -> int:
    if len(operands) > 1:
        raise UsageError("one root at a time", hint="`lkm lint --help` tells more")
    if operands and not os.path.isdir(operands[0]):
        raise NotFound("there is no such directory", operands[0], "a root is a directory with etc and lib/modules")
    if not operands:
        of_today()
    place = _Place(given, operands[0] if operands else "")
    case = place.case(place.sheets)
    flaws = lint(case)
    changed: dict[str, str] = {}
    if "fix" in given or "dry-run" in given:
        flaws, changed = _mended(place, flaws)
        if "dry-run" not in given:
            for path, text in sorted(changed.items()):
                replace_file(path, text.encode("utf-8", "surrogateescape"))
    places = [s.path for s in place.sheets if s.kind != CMDLINE or s.text]
    before = {sheet.path: sheet.text for sheet in place.sheets}
    if "json" in given:
        fields |= {"release": place.release, "files": places, "unasked": list(unasked(case))}
        fields |= {"findings": [as_object(flaw) for flaw in flaws], "changed": sorted(changed)}
    elif "sarif" in given:
        _put(sarif(flaws))
    else:
        place.say_what_is_unknown(unasked(case))
        done = "would be mended" if "dry-run" in given else "mended"
        _put(diff(before, changed) + text_of(flaws, len(places), place.release, len(changed), done))
    if any(problem.message.startswith("cannot be read") for problem in place.problems):
        return 2
    return 1 if failed(flaws) else 0


def _mended(place: _Place, flaws: tuple[Flaw, ...]) -> tuple[tuple[Flaw, ...], dict[str, str]]:
    """Return what is left after all safe changes, and path → new text of the files that they change."""
    sheets = place.sheets
    changed: dict[str, str] = {}
    for _ in range(_ROUNDS):
        edits = [flaw.edit for flaw in flaws if flaw.edit]
        mine = [s for s in sheets if any(edit.file == s.path for edit in edits)]
        if not mine:
            break
        for sheet in mine:
            changed[sheet.path] = fixed(sheet.text, [edit for edit in edits if edit.file == sheet.path])
        sheets = [read(s.kind, s.path, changed.get(s.path, s.text), local=s.local) for s in sheets]
        flaws = lint(place.case(sheets))
    return flaws, changed


class _Place:
    """The root and the kernel of one call, and the files found there."""

    def __init__(self, given: dict[str, str], root: str) -> None:
        kernel = open_kernel(LinuxKernel)
        self.problems: list[Problem] = []
        self._say = Messages("lkm lint")
        self.root = os.path.abspath(root).rstrip("/") if root else ""
        self.built_in: dict[str, str] | None = None
        self.release = given.get("set-version", "")
        if "image" in given:
            self._read_image(given["image"])
        self.release = self.release or (newest_release(self.root) if root else kernel.release())
        self._lacking, self._advice = "no module tree", "-S VERSION names another release"
        self.directory = ""
        try:
            if self.release:
                self.directory = find_modules_dir(self.root or kernel.root(), self.release)
        except NotFound as error:
            if "set-version" in given:
                raise
            self._lacking = f"{error.what} below {error.where}"
        base = root or ("" if kernel.root() == "/" else kernel.root())
        self._reindex = f"lkm depmod{f' -b {typed(base)}' if base else ''} {self.release}"
        self.tree = LintTree(self.directory, self.built_in) if self.directory else None
        if self.tree and not self.tree.names():
            self.tree, self._lacking = None, f"{self.directory} has no index"
            self._advice = self._reindex
        self._config = (given["config"],) if "config" in given else ()
        cmdline = given.get("cmdline", "")
        path = "/proc/cmdline" if not root else f"{self.root}/etc/kernel/cmdline"
        if "cmdline" in given:
            path = "command line"
        elif not self._config:
            cmdline = kernel.cmdline() if not root else read_text(path) if os.path.isfile(path) else ""
        self.sheets = [*self._files(), read(CMDLINE, path, cmdline)]
        self._faults = self._of_indexes() if not self._config else ()
        for problem in self.problems:
            self._say.warning(str(problem))

    def _read_image(self, path: str) -> None:
        from lkm.image.facts import read as facts_of

        facts = facts_of(read_bytes(path), path)
        self.built_in = {p.name.replace("-", "_"): p.type for p in facts.parameters}
        self.release = self.release or facts.release

    def _files(self) -> list[Sheet]:
        root, problems = self.root, self.problems
        if self._config:
            files = modprobe_files(paths=self._config, problems=problems)
            return [read(MODPROBE, path, text) for path, text in files]
        found = [(MODPROBE, *file) for file in modprobe_files(root, problems=problems)]
        found += [(LOAD, *file) for file in load_files(root, problems)]
        found += [(DEPMOD, *file) for file in depmod_files(root, problems=problems)]
        packages = unchanged(root, [path for _, path, _ in found])
        # What has a NUL in it is no text, and nobody's to mend.
        texts = {path for _, path, text in found if "\0" not in text}
        own = {path for path in texts - packages if path.startswith(f"{root}/etc/")}
        return [read(kind, path, text, local=path in own) for kind, path, text in found]

    def _of_indexes(self) -> tuple[tuple[str, str], ...]:
        """Return what is wrong with the tree's indexes, and where; a tree without any module wants none."""
        rules = assemble_depmod([(sheet.path, sheet.text) for sheet in self.sheets if sheet.kind == DEPMOD])
        found = index_faults(self.directory, excludes=rules.excludes) if self.directory else ()
        return tuple([(fact.text, fact.origin) for fact in found if fact.origin != self.directory])

    def case(self, sheets: list[Sheet]) -> Case:
        """Return the case of these files. The tree's own softdeps count, and are not looked at."""
        own = (
            [f"{self.directory}/{name}" for name in ("modules.softdep", "modules.weakdep")] if self.directory else []
        )
        more = [(path, read_text(path)) for path in own if os.path.isfile(path)]
        leaves = ("modprobe.d", BOOT, "depmod.d") if not self._config else ()
        pairs = [pair for leaf in leaves for pair in hidden_files(leaf, self.root)]
        hidden = tuple([pair for pair in pairs if os.path.realpath(pair[1]) != os.devnull])  # a mask is meant
        passed_over = tuple(files_not_read(self.root)) if leaves else ()
        return case_of(
            sheets,
            more,
            tree=self.tree,
            release=self.release,
            built_in=self.built_in,
            hidden=hidden,
            passed_over=passed_over,
            index_faults=self._faults,
            reindex=self._reindex,
        )

    def say_what_is_unknown(self, codes: tuple[str, ...]) -> None:
        """Tell which rules could not be asked, and why."""
        if codes:
            self._say.warning(f"{self._lacking}; not looked for: {', '.join(codes)}")
            self._say.detail(self._advice)


def _put(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
