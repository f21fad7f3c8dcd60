"""``depmod`` for the module trees of Linux 2.4 (modutils 2.4: depmod.c): modules.dep and the generic maps."""

from __future__ import annotations

import os
import sys

from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.config.nouns24 import FILES
from lkm.errors import LkmError, MachineError
from lkm.formats.source import BytesSource
from lkm.index.dep24 import dep_text, depends
from lkm.index.maps24 import MAPS, map_text
from lkm.modfile.object24 import read24
from lkm.modfile.tables24 import read_tables
from lkm.plan.stack24 import stem
from lkm.system.conf24 import RootFiles, newest, open_conf
from lkm.system.files import make_directory, read_bytes
from lkm.system.fileset import write_set
from lkm.system.tree24 import find_objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns24 import Conf24
    from lkm.kernel.sim.kernel24 import Kernel24
    from lkm.modfile.object24 import Object24
    from lkm.modfile.tables24 import Tables

USAGE = """depmod [options] [-F FILE] [-b DIR] [VERSION]
       depmod [options] [-F FILE] MODULE.o..."""
OPTIONS = (
    Option("a", "all", "", "index all modules of the configuration's paths; so it is when no file is given"),
    Option("A", "quick", "", "do nothing when no module and no configuration is newer than modules.dep"),
    Option("e", "errsyms", "", "say which symbols nobody provides"),
    Option("F", "filesyms", "FILE", "the kernel's symbols: a System.map, or a copy of /proc/ksyms"),
    Option("b", "basedir", "DIR", "index the tree of another root"),
    Option("C", "config", "FILE", "read this file, not /etc/modules.conf"),
    Option("n", "show", "", "print what would be written"),
    Option("u", "unresolved-error", "", "status 1 when a symbol is provided by nobody"),
    Option("q", "quiet", "", "do not speak of symbols that nobody provides"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("v", "verbose", "", "print the name of each module"),
    Option("r", "root", "", "taken for compatibility: who owns the files is never checked"),
    VERSION,
    HELP,
)


def is_old(release: str) -> bool:
    """Tell whether a release's modules are ``.o`` files.

    >>> is_old("2.4.2-2"), is_old("2.6.1"), is_old("6.1.0"), is_old("2.10")
    (True, False, False, False)
    """
    major, _, rest = release.partition(".")
    minor = rest.partition(".")[0]
    return major == "2" and minor in ("0", "1", "2", "3", "4")


def main(argv: list[str], kernel: Kernel24 | None) -> int:
    """Index a tree of 2.4; status 1 when that was not possible. ``kernel`` None: the tree alone is known."""
    understood = understand("depmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    run = Run(dict(options), kernel)
    try:
        return run.run(operands)
    except LkmError as error:
        run.say(f"depmod: {error}", *[f"  {line}" for line in error.hint.split("\n") if line])
        return 1


class Run:
    """One run of depmod: what was asked for, and its voice."""

    def __init__(self, given: dict[str, str], kernel: Kernel24 | None) -> None:
        self.given = given
        self.kernel = kernel
        self.root = os.path.abspath(given["basedir"]) if "basedir" in given else kernel.root() if kernel else ""

    def say(self, *lines: str) -> None:
        """Say lines to stderr, or to syslog."""
        for line in lines:
            if "syslog" in self.given:
                import syslog

                syslog.openlog("depmod", syslog.LOG_PID, syslog.LOG_DAEMON)
                syslog.syslog(line)
            else:
                sys.stderr.write(f"{line}\n")

    def run(self, operands: list[str]) -> int:
        """Do it all; return the exit status. Raises LkmError."""
        files = [word for word in operands if word.endswith(".o")]
        words = [word for word in operands if word not in files]
        release = words[0] if words else self.kernel.release() if self.kernel else os.uname().release
        conf = open_conf(self.root, release, os.environ, self.given.get("config", ""))
        for problem in conf.problems:
            self.say(str(problem), *caret(problem.text, problem.column, problem.hint))
        below = RootFiles(self.root)
        paths = tuple(files) or find_objects(self.root, [path.path for path in conf.paths], conf.prune)
        if not paths:
            hint = f"a 2.4 kernel's modules are .o files below {self.root}/lib/modules/{release}"
            raise MachineError(f"there are no modules for {release}", self.root or "/", 2, hint)
        if "quick" in self.given and not files and self._is_up_to_date(below, conf, paths):
            return 0
        places = {path: path if files else below.place(path) for path in paths}
        return self._index(conf, self._read(places), shows=bool(files) or "show" in self.given)

    def _is_up_to_date(self, below: RootFiles, conf: Conf24, paths: tuple[str, ...]) -> bool:
        made = newest(below, (conf.file("depfile"),))[1]
        return newest(below, (*conf.read, *paths))[1] < made

    def _read(self, places: dict[str, str]) -> list[tuple[str, Object24, Tables]]:
        found: list[tuple[str, Object24, Tables]] = []
        for path, place in places.items():
            if "verbose" in self.given:
                sys.stdout.write(f"{path}\n")
            try:
                source = BytesSource(read_bytes(place), path)
                module = read24(source)
                found.append((path, module, {}))
                found[-1] = (path, module, read_tables(source))
            except LkmError as error:
                self.say(f"depmod: {path} is not an ELF file" if "not an ELF" in error.what else f"depmod: {error}")
        return found

    def _index(self, conf: Conf24, modules: list[tuple[str, Object24, Tables]], *, shows: bool) -> int:
        found = depends([(path, module) for path, module, _ in modules], self._kernel_symbols())
        for circle in found.circles:
            self.say(f"depmod: modules need each other: {' -> '.join((*circle, circle[0]))}")
        for path, symbols in found.unresolved if "quiet" not in self.given else ():
            self.say(f"depmod: *** Unresolved symbols in {path}")
            self.say(*[f"depmod: \t{symbol}" for symbol in symbols if "errsyms" in self.given])
        if found.unresolved and "errsyms" in self.given and "quiet" not in self.given:
            self.say("  why: neither the kernel nor any module file exports them, so these modules cannot be loaded.")
        mapped = [(stem(path), tables, module.values("generic_string")) for path, module, tables in modules]
        texts = {"depfile": dep_text(found.rows), **{key: map_text(key, mapped) for key in MAPS}}
        if shows:
            sys.stdout.write("".join(texts.values()))
        else:
            write_texts(RootFiles(self.root), conf, texts)
        return 1 if found.unresolved and "unresolved-error" in self.given else 0

    def _kernel_symbols(self) -> list[str] | None:
        if "filesyms" in self.given:
            text = read_bytes(self.given["filesyms"]).decode("utf-8", "replace")
            return kernel_symbols(text)
        if self.kernel is not None:
            return [symbol.name for symbol in self.kernel.ksyms() if not symbol.module]
        if "errsyms" in self.given:
            self.say("depmod: -e needs -F FILE: the kernel's symbols are not known")
        return None


def caret(text: str, column: int, hint: str) -> list[str]:
    """Return a line with a fault, and below it a caret and the cure."""
    shown = "".join([char if char.isprintable() else " " for char in text])
    return [f"  {shown}", f"  {' ' * (column - 1)}^ {hint}".rstrip()] if column else []


def kernel_symbols(text: str) -> list[str]:
    r"""Return the exported names of a System.map (by ``__ksymtab_``), or of /proc/ksyms (without its modules).

    >>> kernel_symbols("c0100000 A _text\nc0200000 ? __ksymtab_printk\n")
    ['printk']
    >>> kernel_symbols("c01 printk\nc02 f\t[fat]\n")
    ['printk']
    """
    rows = [line.split() for line in text.split("\n")]
    listed = [row[2][10:] for row in rows if len(row) == 3 and row[2].startswith("__ksymtab_")]
    if listed or any(len(row) == 3 and row[2][0] != "[" for row in rows):
        return listed
    return [row[1] for row in rows if len(row) == 2]


def write_texts(below: RootFiles, conf: Conf24, texts: dict[str, str]) -> None:
    """Write the files where the configuration wants them, those of one directory all or none. Raises MachineError."""
    sets: dict[str, dict[str, bytes]] = {}
    for key in FILES:
        directory, name = os.path.split(below.place(conf.file(key)))
        sets.setdefault(directory, {})[name] = texts[key].encode("utf-8", "surrogateescape")
    for directory, files in sets.items():
        make_directory(directory)
        write_set(directory, files)
