"""``depmod``: index a module tree, so that modules are found by name, alias and symbol."""

from __future__ import annotations

import gc
import os

from lkm.cli.depmod_run import Request, run
from lkm.cli.kernels import kernel24, place
from lkm.cli.messages import Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import CycleError, FormatError, LkmError, MachineError, NotFound, UsageError
from lkm.system.tree import find_modules_dir, list_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.report.document import Object

USAGE = "depmod [options] [VERSION] [ABSOLUTE FILE...]"
OPTIONS = (
    Option("a", "all", "", "index all modules; so it is when no FILE is given"),
    Option("A", "quick", "", "do nothing when no module is newer than modules.dep"),
    Option("b", "basedir", "DIR", "index the tree of another root"),
    Option("m", "moduledir", "DIR", "where that root has its module directories (lib/modules)"),
    Option("o", "outdir", "DIR", "write below another root, not into the tree"),
    Option("C", "config", "PATH", "read this depmod.d file or directory, not the usual ones"),
    Option("E", "symvers", "FILE", "a Module.symvers: the kernel's symbols with their CRCs, for -e"),
    Option("F", "filesyms", "FILE", "a System.map: the kernel's symbols, for -e"),
    Option("e", "errsyms", "", "say which symbols nobody provides; needs -E or -F"),
    Option("v", "verbose", "", "say which module provides what"),
    Option("n", "show", "", "print the text files, write nothing"),
    Option("", "dry-run", "", "the same as --show"),
    Option("P", "symbol-prefix", "CHAR", "a character that the architecture puts before every symbol"),
    Option("w", "warn", "", "warn of aliases that a module has twice"),
    Option("", "hash", "", "know unchanged modules by their contents, not by size, times and inode"),
    Option("", "no-cache", "", "read all modules, and leave modules.lkm-cache alone"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Index a tree; status 1 when that was not possible."""
    if (world := kernel24()) is not None or any(word.startswith("2.") for word in argv):
        from lkm.cli import depmod24

        if world is not None or any(depmod24.is_old(word) for word in argv[1:]):
            return depmod24.main(argv, world)
    understood = understand("depmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    messages = Messages("depmod")
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("depmod", messages, lambda fields: _main(options, operands, messages, fields))
    return _main(options, operands, messages, {})


def _main(options: list[tuple[str, str]], operands: list[str], messages: Messages, fields: Object) -> int:
    """Index a tree; ``fields`` are what --json tells of it."""
    # A run makes a million small objects and no garbage worth collecting.
    collecting = gc.isenabled()
    gc.disable()
    try:
        request = _request(options, operands, messages)
        fields |= {"release": request.release, "directory": request.directory, "out": request.out}
        fields |= {"modules": None, "written": False, "files": []}
        if "quick" in request.options and _is_up_to_date(request.directory):
            return 0
        return run(request, tuple([v for k, v in options if k == "config"]), messages, fields)
    except UsageError as e:
        messages.error(e.what)
    except CycleError as e:
        for cycle in e.cycles:
            messages.error("Cycle detected: " + " -> ".join((*cycle, cycle[0])))
        messages.error(e.what)
        messages.detail(e.hint)
    except LkmError as e:
        messages.fatal(str(e))
        messages.detail(*e.hint.split("\n"))
    finally:
        if collecting:
            gc.enable()
    return 1


def _request(options: list[tuple[str, str]], operands: list[str], messages: Messages) -> Request:
    """Return what is asked for; raises UsageError or NotFound."""
    given = dict(options)
    if len(given.get("symbol-prefix", "x")) != 1:
        raise FormatError("-P only takes a single char")
    root, release = place()
    if operands:
        release = operands.pop(0)
        if not _is_version(release):
            raise UsageError(f"Bad version passed {release}")
    if "errsyms" in given and not ("symvers" in given or "filesyms" in given):
        messages.warning("-e needs -E or -F")
    files = () if "all" in given or "quick" in given else tuple(operands)
    for file in files:
        if not file.startswith("/"):
            raise NotFound(f"{file}: not absolute path.")
    base = os.path.abspath(given.get("basedir", root or "/"))
    moduledir = given.get("moduledir", "").strip("/")
    if moduledir:
        directory = os.path.join(base, moduledir, release)
    else:
        try:
            directory = find_modules_dir(base, release)
        except NotFound:
            directory = os.path.join(base, "lib/modules", release)
    out = directory
    if "outdir" in given:
        out = os.path.join(os.path.abspath(given["outdir"]), moduledir or "lib/modules", release)
    return Request(release, directory, out, files, given)


def _is_version(text: str) -> bool:
    """Tell whether a word starts as ``NUMBER.NUMBER``, as every kernel's version does."""
    major, dot, rest = text.partition(".")
    return major.isdecimal() and bool(dot) and rest[:1].isdecimal()


def _is_up_to_date(directory: str) -> bool:
    """Tell whether modules.dep is there and no module file is newer, as kmod does: it misses removed modules."""
    try:
        made = int(os.stat(f"{directory}/modules.dep").st_mtime)
        return all(int(os.stat(path).st_mtime) <= made for path in list_modules(directory, ("build", "source")))
    except (OSError, MachineError):
        return False
