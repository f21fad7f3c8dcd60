"""``lkm explain``: why a module did not load, or would not; for a file, a name, or a kernel's log."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.kernelside import of_image, of_kernel, with_signature
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION
from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, KernelSide
from lkm.diagnose.examine import examine
from lkm.diagnose.loglines import plain, refusals
from lkm.errors import NotFound, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.names import fold, is_module_path, name_from_path
from lkm.report.finding import as_json, lines_of
from lkm.state.nouns import LoadedModule
from lkm.system.files import read_bytes, read_text
from lkm.system.moduletree import IndexedTree
from lkm.system.tree import find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.evidence import ModuleFile
    from lkm.diagnose.finding import Finding
    from lkm.image.nouns import KernelFacts
    from lkm.kernel.interface import ShownKernel
    from lkm.report.document import Object

USAGE = """lkm explain [options] FILE|NAME [PARAMETER=VALUE...]
       lkm explain [options] --log FILE|-

Says what keeps a module from being loaded: the cause, the evidence with its place, why the kernel minds, and what to
do. Without --errno it says what is foreseen. With a log alone it explains the modules that were refused there.
Status: 0 something was found, 1 nothing was, 2 it could not be told."""
OPTIONS = (
    Option("", "errno", "ERRNO", "what the kernel has answered: ENOEXEC, 8 ..."),
    Option("", "log", "FILE", "what the kernel has logged: dmesg's or journalctl's output; - for standard input"),
    Option("", "image", "IMAGE", "the kernel: vmlinuz, vmlinux or a User-Mode Linux binary; not the running one"),
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("", "json", "", "answer with a JSON object (docs/json.md)"),
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Explain; see USAGE for the status."""
    return asked("explain", USAGE, OPTIONS, argv[1:], _explain)


def _explain(given: dict[str, str], operands: list[str], fields: Object) -> int:
    log = _log(given["log"]) if "log" in given else ()
    if not operands and "log" not in given:
        raise UsageError("name a module file or a module, or give a log", hint="`lkm explain --help` tells more")
    if "image" not in given:
        of_today()
    case = _Case(given)
    told = (
        [case.of(operands[0], _errno(given.get("errno", "")), log, operands[1:])]
        if operands
        else [case.of(name, number, lines, []) for name, (number, lines) in refusals(log).items()]
    )
    fields["modules"] = [
        {"name": name, "file": path or None, "findings": [as_json(finding) for finding in found]}
        for name, path, found in told
    ]
    if "json" not in given:
        sys.stdout.write("\n".join([_text(*each) for each in told]))
        if not told:
            sys.stdout.write("no refused module is in this log\n")
    return 0 if any(found for _, _, found in told) else 1


def _text(name: str, path: str, found: tuple[Finding, ...]) -> str:
    lines = [f"{path or name}:" if found else f"{path or name}: nothing is found that would keep it out"]
    for finding in found:
        lines += [f"  {line}" for line in lines_of(finding)]
    return "\n".join(lines) + "\n"


class _Case:
    """What all explanations of one call share: the tree and the kernel."""

    def __init__(self, given: dict[str, str]) -> None:
        self.kernel: ShownKernel = open_kernel(LinuxKernel)
        self.side: KernelSide | None = None
        self.facts: KernelFacts | None = None
        self.root = given.get("dirname", "") or self.kernel.root()
        release = given.get("set-version", "")
        if "image" in given:
            self.side, self.facts = of_image(given["image"])
            release = release or self.facts.release
        elif release or "dirname" in given:
            release = release or self.kernel.release()
            image = f"{self.root.rstrip('/')}/boot/vmlinuz-{release}"
            self.side = KernelSide("", release)
            if os.access(image, os.R_OK):
                self.side, self.facts = of_image(image)
        self.image = f"{self.root.rstrip('/')}/boot/vmlinuz-{self.kernel.release()}"
        self.tree: IndexedTree | None = None
        with contextlib.suppress(NotFound):
            self.tree = IndexedTree(find_modules_dir(self.root, release or self.kernel.release()))

    def of(
        self, word: str, number: str, log: tuple[str, ...], words: list[str]
    ) -> tuple[str, str, tuple[Finding, ...]]:
        """Return name, file ("" for none) and findings of a module; one that is named comes after what it needs."""
        path = word if "/" in word or os.path.exists(word) or is_module_path(word) else ""
        needed = self.tree.needs(fold(word)) if self.tree and not path and not number else ()
        file = self._file(path, word, bool(log))
        name = file.facts.name if file and file.facts else name_from_path(word) if file else word
        side = self.side or of_kernel(self.kernel, name, self.image)[0]
        if side.builtin is None and self.tree:
            side = side._replace(builtin=self.tree.builtin())
        if needed and side.loaded is not None:
            side = side._replace(loaded=(*side.loaded, *[LoadedModule(fold(each), 0, 0) for each in needed]))
        attempt = Attempt("finit_module" if number else "", number, log, " ".join(words))
        return name, file.path if file else "", diagnose(Evidence(file, side, self.tree, attempt, name))

    def _file(self, path: str, word: str, may_lack: bool) -> ModuleFile | None:
        if not path and self.tree:
            path = self.tree.path(fold(word))
        if path:
            data = read_bytes(path)
            file = examine(path, data)
            return with_signature(file, data, self.facts.certificates) if self.facts else file
        if may_lack:
            return None
        where = self.tree.origin() if self.tree else "the tree: there is no module directory"
        raise NotFound(f"there is no file {word}, and no module of that name in {where}")


def _errno(word: str) -> str:
    """Return an errno's name. Raises UsageError for a word that is none."""
    if not word or word in errno.errorcode.values():
        return word
    name = errno.errorcode.get(abs(int(word))) if word.lstrip("-").isdecimal() else None
    if name is None:
        raise UsageError(f"'{word}' is no error number", hint="a name as ENOEXEC, or its number")
    return name


def _log(path: str) -> tuple[str, ...]:
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if path == "-" else read_text(path)
    return tuple([plain(line) for line in text.splitlines()])
