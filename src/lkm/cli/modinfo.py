"""``modinfo``: what module files, modules by name or alias, and built-in modules say of themselves."""

from __future__ import annotations

import os
import sys

from lkm.cli.messages import Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import FormatError, LkmError, MachineError, NotFound
from lkm.names import EXTENSIONS, fold, fold_alias, is_module_path, name_from_path
from lkm.report import modinfo as report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.source import Source
    from lkm.index.lookup import ModuleIndex
    from lkm.report.modinfo import Pairs

USAGE = "modinfo [options] NAME|ALIAS|FILE..."
OPTIONS = (
    Option("a", "author", "", "print only 'author'"),
    Option("d", "description", "", "print only 'description'"),
    Option("l", "license", "", "print only 'license'"),
    Option("p", "parameters", "", "print only 'parm'"),
    Option("n", "filename", "", "print only 'filename'"),
    Option("0", "null", "", "end each record with a zero byte, not a newline"),
    Option("m", "modname", "", "take the arguments as module names only, not as aliases or files"),
    Option("F", "field", "FIELD", "print only the values of that field"),
    Option("k", "set-version", "VERSION", "take the modules of that kernel, not of the running one"),
    Option("b", "basedir", "DIR", "the root directory that lib/modules is in"),
    Option("", "extra-root", "ROOT", "take modules below this root too, the last first; may be repeated"),
    JSON,
    VERSION,
    HELP,
)
#: Fewer operands than this are not worth a process of their own.
SHARE = 200

_PARAMETER = ("parm", "parmtype")
_FIELDS = {
    "author": "author",
    "description": "description",
    "license": "license",
    "parameters": "parm",
    "filename": "filename",
}


def main(argv: list[str]) -> int:
    """Print what is asked of each operand; status 1 when any could not be found or read."""
    if os.environ.get("LKM_KERNEL", "").startswith("sim:"):
        from lkm.cli.kernels import world24

        if (world := world24()) is not None:
            from lkm.cli import modinfo24

            return modinfo24.main(argv, world)
    understood = understand("modinfo", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    say = Messages("modinfo")
    if ("json", "") in options:
        from lkm.cli.answer import answer
        from lkm.cli.modinfo_json import fill

        return answer("modinfo", say, lambda fields: fill(fields, options, operands, say))
    tool = Tool(say)
    tool.understand(options)
    if not operands:
        say.error("missing module or filename.")
        return 1
    if len(operands) >= 2 * SHARE and not say.to_syslog:
        from lkm.system.shares import in_shares

        return in_shares(operands, tool.show, SHARE)
    return max([tool.show(operand) for operand in operands])


class Tool:
    """One run: what is to be printed, and the index once it is needed."""

    def __init__(self, say: Messages) -> None:
        self.say = say
        self.field: str | None = None  # all
        self.root = self.release = ""
        self.end = "\n"
        self.names_only = False
        self.extra_roots: list[str] = []
        self._index: ModuleIndex | None = None

    def understand(self, options: list[tuple[str, str]]) -> None:
        """Take the options in."""
        for key, value in options:
            if key in _FIELDS:
                self.field = _FIELDS[key]
            elif key == "field":
                self.field = value.lower()
            elif key == "null":
                self.end = "\0"
            elif key == "modname":
                self.names_only = True
            elif key == "set-version":
                self.release = value
            elif key == "basedir":
                self.root = value or "/"
            elif key == "extra-root":
                self.extra_roots.append(value)

    def show(self, operand: str) -> int:
        """Print one operand's modules; return its part of the exit status."""
        if not self.names_only and is_module_path(operand) and os.path.isfile(operand):
            return self.file(operand if operand.startswith("/") else os.path.join(os.getcwd(), operand))
        self._place()
        kind = "Module name" if self.names_only else "Module"
        hint = ""
        try:
            found = self._look_up(operand)
        except FormatError as error:
            found, kind, hint = [], "Module alias", str(error)
        except NotFound:  # there is no such directory
            found = []
        except LkmError as error:
            found, hint = [], str(error)
        if not found:
            self.say.error(f"{kind} {operand} not found.")
            self.say.detail(*([hint] if hint else self._absence(operand)))
            return 1
        return max([self.file(path) if path else self.builtin(name) for name, path in found])

    def _absence(self, operand: str) -> tuple[str, ...]:
        """Return why there is nothing to show for an operand."""
        from lkm.cli.kernels import current
        from lkm.manager.absence import explain

        if "/" in operand or is_module_path(operand):
            if not os.path.lexists(operand):
                return (f"there is no file {operand}",)
            return ("a module file is a regular file whose name ends in " + ", ".join(EXTENSIONS),)
        root, release = self._place()
        return explain(current(), operand, root, release)

    def _look_up(self, operand: str) -> list[tuple[str, str]]:
        """Return (name, path) of each module meant, "" being the path of one that is built in.

        The order is kmod's (libkmod-module.c: ``kmod_module_new_from_lookup``); its configuration is not looked at.
        """
        index = self.indexes()
        if self.names_only:
            name = name_from_path(operand) if "/" not in operand else fold(operand)
            if self._path(name):
                return [(name, self._path(name))]
            return [(builtin, "") for builtin in ([name] if index.is_builtin(name) else index.builtin_aliases(name))]
        alias: str = fold_alias(operand)
        if self._path(alias):
            return [(alias, self._path(alias))]
        names = index.symbol_owners(alias) if alias.startswith("symbol:") else ()
        names = names or index.aliases(alias)
        if names:
            return [(name, self._path(name)) for name in names]
        return [(builtin, "") for builtin in ([alias] if index.is_builtin(alias) else index.builtin_aliases(alias))]

    def _path(self, name: str) -> str:
        entry = self.indexes().dependencies(name)
        return os.path.join(self.indexes().directory, entry.path) if entry else ""

    def indexes(self) -> ModuleIndex:
        """Return the indexes; raises LkmError."""
        if self._index is None:
            from lkm.system.indexfiles import open_index
            from lkm.system.tree import find_modules_dir

            self._index = self._merged() if self.extra_roots else open_index(find_modules_dir(*self._place()))
        return self._index

    def _merged(self) -> ModuleIndex:
        from lkm.system.roots import open_roots
        from lkm.system.tree import modules_dir

        root, release = self._place()
        index, problems = open_roots(modules_dir(root, release), release, self.extra_roots)
        for problem in problems:
            self.say.warning(str(problem))
        index.complain = lambda error: self.say.warning(str(error))
        return index

    def _place(self) -> tuple[str, str]:
        """Return root and release, those of the kernel where the command line does not tell."""
        if not self.release:
            from lkm.cli.kernels import place

            root, self.release = place()
            self.root = self.root or root
        return self.root, self.release

    def file(self, path: str) -> int:
        """Print what a file says of itself; return its part of the exit status."""
        if self.field == "filename":
            self._write(path + self.end)
            return 0
        if self.field is None:
            self._write(report.line("filename", path, self.end))
        from lkm.system.files import open_source

        try:
            with open_source(path) as source:
                pairs = records(source)
        except LkmError as error:
            self.fail(path, error)
            return 1
        self._print(pairs)
        return 0

    def fail(self, path: str, error: LkmError) -> None:
        """Say why a file could not be read."""
        self.say.error(f"could not get modinfo from '{name_from_path(path)}': {_reason(error)}")
        self.say.detail("" if isinstance(error, MachineError) else error.what, error.hint)

    def builtin(self, name: str) -> int:
        """Print what the index has of a built-in module; return 0."""
        start: Pairs = (("name", name), ("filename", "(builtin)"))
        if self.field in ("name", "filename"):
            self._write(report.field(start, self.field, self.end))
            return 0
        if self.field is None:
            self._write("".join([report.line(key, value, self.end) for key, value in start]))
        self._print(self.indexes().builtin_modinfo(name))
        return 0

    def _print(self, pairs: Pairs) -> None:
        if self.field is not None:
            self._write(report.field(pairs, self.field, self.end))
        else:
            self._write(report.listing(pairs, self.end))
        if self.field in (None, "parm") and any(":" not in value for key, value in pairs if key in _PARAMETER):
            from lkm.modfile.modinfo import parameters

            for fault in parameters(pairs)[1]:
                self.say.error(f"Found invalid \"{fault}\": missing ':'")

    def _write(self, text: str) -> None:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def records(source: Source) -> Pairs:
    """Return the records of a module file and of its signature; none for one that cannot be read, as in kmod."""
    from lkm.formats.elf import Elf
    from lkm.modfile.modinfo import pairs
    from lkm.modfile.signature import read_signature

    elf = Elf(source)
    if not elf.find(b".modinfo"):
        raise NotFound("there is no section .modinfo", source.name, "this is no module of Linux 2.6 or later")
    records = pairs(elf.named(b".modinfo"))
    try:
        return records + report.signature_records(read_signature(source))
    except FormatError:
        return records


def _reason(error: LkmError) -> str:
    """Return kmod's words: what strerror(3) says of the errno that it has for this."""
    import errno

    number = errno.EINVAL
    if isinstance(error, MachineError):
        number = error.errno
    elif isinstance(error, NotFound):
        number = errno.ENODATA
    elif isinstance(error, FormatError) and "not an ELF file" in error.what:
        number = errno.ENOEXEC
    return os.strerror(number)
