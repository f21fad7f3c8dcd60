"""``insmod`` where the kernel is a world that speaks 2.4 (modutils 2.4: insmod.c)."""

from __future__ import annotations

import os
import sys

from lkm.cli import voice24
from lkm.cli.audit24 import Changes
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError
from lkm.formats.source import BytesSource
from lkm.kernel.sim import link24, typed24
from lkm.kernel.sim.kernel24 import Kernel24, Start24, start_of
from lkm.kernel.sim.rules24 import DELETED, INITIALIZING
from lkm.modfile.object24 import Object24, read24, split_version
from lkm.report import insmod24 as words
from lkm.report.modprobe24 import some

USAGE = "insmod [options] FILE|NAME [NAME=VALUE...]"
OPTIONS = (
    Option("k", "autoclean", "", "set its autoclean flag: rmmod -a may remove it after it was used"),
    Option("o", "name", "NAME", "load it by this name, not its file's"),
    Option("p", "probe", "", "check whether it could be loaded; load nothing"),
    Option("n", "noload", "", "do all but load it"),
    Option("f", "force", "", "load it though it was built for another kernel. DANGEROUS"),
    Option("m", "map", "", "print where its sections and symbols are loaded"),
    Option("q", "quiet", "", "do not list unresolved symbols"),
    Option("v", "verbose", "", "say what is done"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("L", "lock", "", "nobody else may load it meanwhile; loaded already is then no error"),
    Option("x", "noexport", "", "export no symbols unless the module lists them"),
    Option("X", "export", "", "export all global symbols unless the module lists some (as it is)"),
    Option("y", "ksymoops", "", "add symbols for ksymoops (as it is)"),
    Option("Y", "noksymoops", "", "add no symbols for ksymoops"),
    Option("P", "prefix", "PREFIX", "the prefix of the kernel's symbol versions, such as smp_"),
    Option("N", "numeric-only", "", "compare only the numbers of the kernel's release"),
    Option("r", "root", "", "taken for compatibility: who owns the file is never checked"),
    Option("S", "kallsyms", "", "not in the simulated kernel"),
    Option("O", "blob", "FILE", "not in the simulated kernel"),
    Option("e", "persist", "FILE", "where its persistent parameters are kept; '': below persistdir, by its name"),
    VERSION,
    HELP,
)
_ABSENT = {"kallsyms": "-S", "blob": "-O"}


class Insertion:
    """One run of insmod on a kernel: what was asked for, and its voice."""

    def __init__(self, kernel: Kernel24, options: list[tuple[str, str]], operand: str) -> None:
        self.kernel = kernel
        self.given = dict(options)
        self.operand = operand
        self.file = ""  # what the file is called in messages, where that is not its path

    def put(self, *lines: str) -> None:
        """Say lines as they are."""
        voice24.put("insmod", *lines, to_syslog="syslog" in self.given)

    def complain(self, complaint: words.Complaint, file: str) -> int:
        """Say a complaint and return the exit status."""
        self.put(*[f"{file}: {line}" for line in complaint.lines], *complaint.more)
        self.put(*[f"  {line}" for line in complaint.why if line])
        return 1


def main(argv: list[str], kernel: Kernel24) -> int:
    """Load the module; status 1, insmod's words and their meaning when that cannot be."""
    understood = understand("insmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    for key, _ in options:
        if key in _ABSENT:
            sys.stderr.write(f"insmod: {_ABSENT[key]} is not in the simulated kernel\n")
            return 1
    if not operands:
        sys.stderr.write(f"usage: {USAGE}\n")
        return 1
    run = Insertion(kernel, options, operands[0])
    with Changes(kernel).tool(argv, "insmod returned %d") as status:
        status[0] = _main(run, operands)
    return status[0]


def _main(run: Insertion, operands: list[str]) -> int:
    kernel = run.kernel
    path = find_file(kernel, operands[0])
    if not path:
        run.put(f"insmod: {operands[0]}: no module by that name found")
        places = some(search_paths(kernel))
        run.put(f"  why: there is no such file, nor {_stem(operands[0])}.o below {places} of {kernel.root() or '/'}.")
        return 1
    if path != operands[0]:
        run.put(f"Using {path}")
    try:
        with open(path, "rb") as file:
            module = read24(BytesSource(file.read(), path))
    except OSError as error:
        run.put(f"insmod: {path}: {error.strerror}")
        return 1
    except LkmError as error:
        run.put(f"insmod: {error}")
        return 1
    return insert(run, path, module, operands[1:])


def insert(run: Insertion, path: str, module: Object24, parameters: list[str]) -> int:
    """Judge a file as insmod did, in its order, then load it."""
    kernel, given = run.kernel, run.given
    file, name = run.file or path, given.get("name") or _stem(path)
    symbols = kernel.ksyms()
    force = "force" in given
    if not module.is_module and not force:
        return run.complain(words.no_version(), file)
    release = kernel.release()
    taint = ""
    if module.is_module and _mismatch(run, module, release, symbols):
        complaint = words.other_release(file, module, release)
        if not force:
            return run.complain(complaint, file)
        run.put(f"Warning: {complaint.lines[0]}")
        taint = "F"
    if any(m.name == name for m in kernel.modules24()):
        return 0 if "lock" in given else run.complain(words.exists(name), file)
    bound = link24.bind(module, symbols, force=force, prefix=given.get("prefix", ""))
    if bound.missing:
        if "quiet" in given or ("probe" in given and "verbose" not in given):
            return 1
        elsewhere = dict(bound.other_version)
        owners = owners_of(kernel, path, tuple([symbol for symbol in bound.missing if symbol not in elsewhere]))
        going = [m.name for m in kernel.modules24() if m.flags & DELETED]
        told = words.unresolved(bound.missing, owners, bound.other_version, bound.gpl_only, going)
        return run.complain(told, file)
    types = {parameter.name: parameter.type for parameter in module.parameters}
    before, wrong, symbol = _kept(run, name, path, module)
    run.put(*wrong)
    values, fault = typed24.check(types, [*before, *parameters])
    if fault:
        return run.complain(words.bad_parameter(fault, module), file)
    if "probe" in given:
        return 0
    warning = words.license_warning(file, module, link24.GPL)
    run.put(*warning)
    taint += "P" if warning else ""
    start = start_of(
        module,
        bound.needs,
        tuple(values),
        exports=_exports(run, name, path, module) + symbol,
        autoclean="autoclean" in given,
        path=os.path.abspath(path),
        taint=taint,
    )
    return _load(run, name, file, module, start)


def _kept(run: Insertion, name: str, path: str, module: Object24) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Return persistent parameters, what is wrong with others, and the symbol that tells where they are (-e)."""
    if "persist" not in run.given:
        return [], [], ()
    from lkm.cli import persist24

    file = persist24.file_of(run.kernel, run.given["persist"], path) if persist24.types(module) else ""
    if not file:
        return [], [], ()
    return *persist24.kept(run.kernel, file, module), (persist24.symbol(name, file),)


def _load(run: Insertion, name: str, file: str, module: Object24, start: Start24) -> int:
    if "noload" not in run.given:
        before = len(run.kernel.log())
        with Changes(run.kernel).change():
            number = run.kernel.insert(name, module.size, start)
        if number:
            said = [record.text for record in run.kernel.log()[before:]]
            return run.complain(words.start_failed(os.strerror(number), said), file)
        if any(m.name == name and m.flags & INITIALIZING for m in run.kernel.modules24()):
            return run.complain(words.never_returned(), file)
        if start.taint:
            run.put(f"Module {name} loaded, with warnings")
    if "map" in run.given:
        _map(run, name, module)
    if "verbose" in run.given:
        run.put(f"{file}: {module.size} bytes, bound to {' '.join(start.needs) or 'the kernel alone'}")
    return 0


def _mismatch(run: Insertion, module: Object24, release: str, symbols: tuple[link24.Symbol24, ...]) -> bool:
    if "numeric-only" in run.given:
        return link24.code(module.kernel_version) != link24.code(release)
    return link24.mismatch(module, release, symbols)


def _exports(run: Insertion, name: str, path: str, module: Object24) -> tuple[str, ...]:
    listed = start_of(module, ()).exports
    offered = () if "noexport" in run.given and not module.exports_listed else listed
    if "noksymoops" in run.given:
        return offered
    mtime = int(os.stat(path).st_mtime)
    return offered + link24.ksymoops_symbols(name, module, os.path.abspath(path), mtime)


def _map(run: Insertion, name: str, module: Object24) -> None:
    sys.stdout.write("Sections:       Size\n")
    for title, size in module.sections:
        sys.stdout.write(f"{title:<15} {size:08x}\n")
    sys.stdout.write("\nSymbols:\n")
    for symbol in run.kernel.ksyms():
        if symbol.module == name:
            sys.stdout.write(f"{symbol.address:08x} {symbol.name}\n")


def words_of(options: str) -> list[str]:
    """Split a text of parameters at blanks outside of quotes."""
    from lkm.config.words24 import split24

    return [word for word, _ in split24(options)]


def _stem(path: str) -> str:
    return os.path.basename(path).removesuffix(".o")


def find_file(kernel: Kernel24, operand: str) -> str:
    """Return the file of an operand: itself, or below the tree; else NAME.o in the paths, or ""."""
    if os.path.isfile(operand):
        return operand
    below = os.path.join(kernel.world.meta("tree") or "/", operand.lstrip("/"))
    if operand.startswith("/") and os.path.isfile(below):
        return below
    return "" if "/" in operand else next((p for p in files_below(kernel) if _stem(p) == _stem(operand)), "")


def search_paths(kernel: Kernel24) -> tuple[str, ...]:
    """Return where modules are looked for, below the world's tree: $MODPATH, else the configuration's paths."""
    from lkm.system.conf24 import open_conf

    own = tuple([path for path in os.environ.get("MODPATH", "").split(":") if path])
    return own or tuple([path.path for path in open_conf(kernel.root(), kernel.release(), os.environ).paths])


def files_below(kernel: Kernel24) -> list[str]:
    """Return all ``.o`` files of these paths, in their order."""
    from lkm.system.tree24 import find_objects

    base = kernel.root().rstrip("/")
    return [base + path for path in find_objects(base, search_paths(kernel))]


def owners_of(kernel: Kernel24, path: str, symbols: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the module files that export some of these symbols, with which: beside the file, then in the tree."""
    beside = os.path.dirname(path)
    near = sorted(name for name in os.listdir(beside or ".") if name.endswith(".o"))
    found: list[tuple[str, tuple[str, ...]]] = []
    wanted = dict.fromkeys(symbols)
    for file in [*[os.path.join(beside, name) for name in near], *files_below(kernel)]:
        if not wanted:
            break
        try:
            with open(file, "rb") as stream:
                facts = read24(BytesSource(stream.read(), file))
        except (OSError, LkmError):
            continue
        exported = {*facts.exports, *[split_version(name)[0] for name in facts.exports]} if facts.is_module else set()
        # A versioned symbol is also exported by a module without versions, but not under another version.
        plain = {name for name in facts.exports if not split_version(name)[2]}
        offered = [s for s in wanted if s in exported or split_version(s)[0] in (plain & exported)]
        if offered:
            found.append((file, tuple(offered)))
            wanted = dict.fromkeys([symbol for symbol in wanted if symbol not in offered])
    return found
