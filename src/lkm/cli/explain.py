"""``lkm explain``: why a module did not load, or would not; for a file, a name, a kernel's log, or an incident."""

from __future__ import annotations

import errno
import os
import sys

from lkm.cli.answer import asked
from lkm.cli.evidence import Scene
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.kernelside import of_image
from lkm.cli.modprobe_world import open_world
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION
from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, KernelSide
from lkm.diagnose.loglines import plain, refusals
from lkm.errors import NotFound, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.names import fold, is_module_path
from lkm.report.finding import as_json, lines_of
from lkm.state.nouns import LoadedModule
from lkm.system.files import read_bytes, read_text
from lkm.system.tree import modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.finding import Finding
    from lkm.report.document import Object

    #: Name, file ("" for none) and findings of a module.
    Told = tuple[str, str, tuple[Finding, ...]]

USAGE = """lkm explain [options] FILE|NAME [PARAMETER=VALUE...]
       lkm explain [options] --log FILE|-
       lkm explain [--json] --incident FILE

Says what keeps a module from being loaded: the cause, the evidence with its place, why the kernel minds, and what to
do. Without --errno it says what is foreseen. With a log alone it explains the modules that were refused there.
An incident is what --incident of insmod, rmmod, modprobe, load and unload has written, here or on another machine.
Status: 0 something was found, 1 nothing was, 2 it could not be told."""
OPTIONS = (
    Option("", "errno", "ERRNO", "what the kernel has answered: ENOEXEC, 8 ..."),
    Option("", "log", "FILE", "what the kernel has logged: dmesg's or journalctl's output; - for standard input"),
    Option("", "incident", "FILE", "what a tool has written when it failed"),
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
    told = _of_incident(given, operands) if "incident" in given else _told(given, operands)
    fields["modules"] = [
        {"name": name, "file": path or None, "findings": [as_json(finding) for finding in found]}
        for name, path, found in told
    ]
    if "json" not in given:
        sys.stdout.write("\n".join([_text(*each) for each in told]))
        if not told:
            sys.stdout.write("no refused module is in this log\n")
    return 0 if any(found for _, _, found in told) else 1


def _told(given: dict[str, str], operands: list[str]) -> list[Told]:
    log = _log(given["log"]) if "log" in given else ()
    if not operands and "log" not in given:
        what = "name a module file or a module, or give a log or an incident"
        raise UsageError(what, hint="`lkm explain --help` tells more")
    if "image" not in given:
        of_today()
    case = _Case(given)
    if operands:
        return [case.of(operands[0], _errno(given.get("errno", "")), log, operands[1:])]
    return [case.of(name, number, lines, []) for name, (number, lines) in refusals(log).items()]


def _of_incident(given: dict[str, str], operands: list[str]) -> list[Told]:
    from lkm.report.incident import parse

    if operands or set(given) - {"incident", "json"}:
        raise UsageError("an incident has all that is known", hint="give nothing else beside --incident FILE")
    told = []
    for failure in parse(read_text(given["incident"]), given["incident"]).failures:
        evidence = failure.evidence
        told.append((evidence.name, evidence.file.path if evidence.file else "", diagnose(evidence)))
    return told


def _text(name: str, path: str, found: tuple[Finding, ...]) -> str:
    lines = [f"{path or name}:" if found else f"{path or name}: nothing is found that would keep it out"]
    for finding in found:
        lines += [f"  {line}" for line in lines_of(finding)]
    return "\n".join(lines) + "\n"


class _Case:
    """What all explanations of one call share: the tree and the kernel."""

    def __init__(self, given: dict[str, str]) -> None:
        kernel = open_kernel(LinuxKernel)
        root = given.get("dirname", "") or kernel.root()
        release = given.get("set-version", "")
        image = given.get("image", "")
        side = certificates = settings = None
        if not image and (release or "dirname" in given):
            release = release or kernel.release()
            side = KernelSide("", release)
            beside = f"{root.rstrip('/')}/boot/vmlinuz-{release}"
            image = beside if os.access(beside, os.R_OK) else ""
        if image:
            side, facts = of_image(image)
            certificates = facts.certificates
            release = release or facts.release
        directory = modules_dir(root, release or kernel.release())
        if side is None:  # the configuration is this machine's, as the kernel is
            settings = open_world(root, kernel.release(), (), kernel.cmdline())[0].settings
        self._scene = Scene(kernel, directory, settings=settings, side=side, certificates=certificates)

    def of(self, word: str, number: str, log: tuple[str, ...], words: list[str]) -> Told:
        """Return name, file ("" for none) and findings of a module; one that is named comes after what it needs."""
        tree = self._scene.tree
        named = not ("/" in word or os.path.exists(word) or is_module_path(word))
        path = (tree.path(fold(word)) if tree else "") if named else word
        if path:
            read_bytes(path)  # raises what is wrong with it
        elif not log:
            where = tree.origin() if tree else "the tree: there is no module directory"
            raise NotFound(f"there is no file {word}, and no module of that name in {where}")
        attempt = Attempt("finit_module" if number else "", number, log, " ".join(words))
        evidence = self._scene.evidence(attempt, path=path, name=word)
        needed = tree.needs(fold(word)) if tree and named and not number else ()
        side = evidence.kernel
        if side and needed and side.loaded is not None:
            after = tuple([LoadedModule(fold(each), 0, 0) for each in needed])
            evidence = evidence._replace(kernel=side._replace(loaded=(*side.loaded, *after)))
        return evidence.name, path, diagnose(evidence)


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
