"""``depmod``: index a module tree, so that modules are found by name, alias and symbol."""

from __future__ import annotations

import gc
import os
import sys
import time

from lkm import __version__
from lkm.cli.kernels import kernel24, place
from lkm.cli.messages import ERR, WARNING, Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.config.depmod import DepmodSettings, assemble_depmod
from lkm.errors import CycleError, FormatError, LkmError, MachineError, NotFound, UsageError
from lkm.index.amend import amend
from lkm.index.build import Modules, build, build_aliases, resolve
from lkm.index.cache import Cache, Derived, pack, summary
from lkm.index.choice import Chooser, in_order
from lkm.index.unresolved import parse_symvers, parse_system_map, providers, unresolved
from lkm.names import ModuleName, is_module_path
from lkm.record import Record
from lkm.system.beside import beside
from lkm.system.configfiles import depmod_files
from lkm.system.depcache import INPUTS, RACY_NS, read_cache, read_files, read_outputs, write_cache
from lkm.system.files import make_directory, read_bytes
from lkm.system.fileset import write_set
from lkm.system.tree import find_modules_dir, list_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.origin import Problem

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
    VERSION,
    HELP,
)


class Request(Record):
    """What the command line asks for. ``directory`` is read, ``out`` written; files: only these are indexed."""

    release: str
    directory: str
    out: str
    files: tuple[str, ...]
    options: dict[str, str]


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
    # A run makes a million small objects and no garbage worth collecting.
    collecting = gc.isenabled()
    gc.disable()
    try:
        request = _request(options, operands, messages)
        if "quick" in request.options and _is_up_to_date(request.directory):
            return 0
        return _run(request, tuple([v for k, v in options if k == "config"]), messages)
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


def _run(request: Request, config: tuple[str, ...], messages: Messages) -> int:
    began = time.time_ns()
    kernel = _kernel_symbols(request.options)
    problems: list[Problem] = []
    settings = assemble_depmod(depmod_files("", config, problems))
    for problem in (*problems, *settings.problems):
        messages.warning(str(problem))
        messages.detail(problem.hint)
    crcs = "errsyms" in request.options and "symvers" in request.options
    show = "show" in request.options or "dry-run" in request.options
    read_from = "" if request.out == request.directory else request.directory
    context = "\0".join([__version__, request.options.get("symbol-prefix", ""), read_from])
    cache = None if crcs or "no-cache" in request.options else read_cache(request.out, _bytes(context))
    chosen = _choose(request, settings, messages)
    paths = [path for _, path in chosen]
    start = request.directory + "/"
    names = [_bytes(path.removeprefix(start)) for path in paths]
    hashed = "hash" in request.options
    reading = read_files(paths, names, cache, began - RACY_NS, crcs=crcs, hashed=hashed)
    speaking = show or not request.options.keys().isdisjoint(("verbose", "errsyms", "warn"))
    before = None
    if cache and not speaking and not reading.faults:
        before = read_outputs(request.directory, request.out, cache.outputs)
        if before is not None and reading.same_as(cache):
            return 0
    for at, fault in reading.faults:
        messages.error(f"failed to load symbols from {paths[at]}: {fault}")
    modules = Modules(
        [_bytes(name) for name, _ in chosen],
        names,
        *reading.facts,
        strip=_bytes(request.options.get("symbol-prefix", "")),
        marks=reading.marks,
    )
    if "verbose" in request.options:
        _show_providers(modules, request.directory)
    if "errsyms" in request.options and kernel is not None:
        for path, what, symbol in unresolved(modules, kernel, crcs=crcs):
            messages.warning(f"{_absolute(request.directory, path)} {what} {_str(symbol)}")
    amended = amend(cache, before, modules, reading.kept) if cache and before is not None else None
    indexes = _changed(amended, before) if amended and before else _index(modules, request, messages)
    if show:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"".join([data for name, data in indexes.files.items() if not name.endswith(".bin")]))
        return 0
    if request.out != request.directory:
        make_directory(request.out)
    write_set(request.out, indexes.files)
    if not (crcs or "no-cache" in request.options):
        outputs = summary(indexes.sound) if indexes.sound and not reading.faults else b""
        stamps = b"".join(reading.stamps)
        write_cache(request.out, Cache(_bytes(context), stamps, pack(names), reading.facts, outputs, indexes.derived))
    return 0


class Indexes(Record):
    """The files to write; all that depmod makes and is made of, unless there was a complaint; what they came from."""

    files: dict[str, bytes]
    sound: dict[str, bytes]
    derived: Derived | None


def _changed(amended: tuple[dict[str, bytes], Derived], before: dict[str, bytes]) -> Indexes:
    """Return those files that are not as before, and modules.dep, whose time tells ``-A`` that all is up to date."""
    files, derived = amended
    written = {name: data for name, data in files.items() if name == "modules.dep" or data != before[name]}
    return Indexes(written, files, derived)


def _index(modules: Modules, request: Request, messages: Messages) -> Indexes:
    show = "show" in request.options or "dry-run" in request.options
    aliases = beside(lambda: build_aliases(modules))
    resolved = resolve(modules)
    # Only binary indexes come from these two, and those are not shown.
    found = [None if show else _optional(request.directory, name, messages) for name in INPUTS]
    built = build(modules, resolved, aliases, *found)
    for kind, text in built.notes:
        if kind != "duplicate" or "warn" in request.options:
            messages.say(ERR if kind == "error" else WARNING, text)
    sound = all(kind == "duplicate" for kind, _ in built.notes)
    inputs = {name: data for name, data in zip(INPUTS, found, strict=True) if data is not None}
    sound = sound and len(inputs) == len(INPUTS)
    return Indexes(built.files, {**inputs, **built.files} if sound else {}, built.derived)


def _kernel_symbols(options: dict[str, str]) -> dict[bytes, int] | None:
    """Return the kernel's symbols when a file with them was given."""
    path = options.get("symvers") or options.get("filesyms")
    if not path:
        return None
    try:
        data = read_bytes(path)
    except MachineError as e:
        raise MachineError(f"could not load {path}: {e.what}", "", e.errno) from e
    if "symvers" in options:
        return parse_symvers(data)
    return parse_system_map(data, options.get("symbol-prefix", "").encode())


def _choose(request: Request, settings: DepmodSettings, messages: Messages) -> list[tuple[ModuleName, str]]:
    """Return (name, path) of the modules to index, in their order."""
    directory = request.directory
    chooser = Chooser(directory, settings, request.release)

    def complain(e: MachineError) -> None:
        messages.error(f"could not look at {e}")

    if request.files:
        for file in request.files:
            if not is_module_path(file) or not os.path.isfile(file):
                missing = not os.path.exists(file)
                reason = "No such file or directory" if missing else "it is no module file"
                raise NotFound(f"could not create module {file}: {reason}")
            chooser.add(file)
    else:
        try:
            for path in list_modules(directory, settings.excludes, complain):
                chooser.add(path)
        except MachineError as e:
            messages.error(f"could not open directory {directory}: {e.what}")
            hint = "install the kernel's modules there, or name another root with -b or another version"
            if os.path.dirname(directory) in ("/lib/modules", "/usr/lib/modules"):
                hint = "\n".join([hint, *without_modules(request.release)])
            raise MachineError(f"could not search modules: {e.what}", "", e.errno, hint) from e
        for external in reversed(settings.external_directories(request.release)):
            try:
                for path in list_modules(external, settings.excludes, complain):
                    chooser.add(path)
            except MachineError as e:
                messages.error(f"could not open directory {external}: {e.what}")
    order = _optional(directory, "modules.order", messages) or b""
    return in_order(chooser.chosen, directory, _str(order).split("\n"))


def without_modules(release: str) -> tuple[str, ...]:
    """Return what there is to be said where the tree would be for the running kernel, and that can load nothing."""
    from lkm.cli.absence import running_has_none
    from lkm.kernel.interface import NO_MODULES, NO_MODULES_HINT

    return (NO_MODULES, NO_MODULES_HINT) if running_has_none("", release) else ()


def _optional(directory: str, name: str, messages: Messages) -> bytes | None:
    """Return a file that a kernel's installation makes, or None with a warning."""
    try:
        return read_bytes(f"{directory}/{name}")
    except MachineError as e:
        messages.warning(f"could not open {name} at {directory}: {e.what}")
        return None


def _show_providers(modules: Modules, directory: str) -> None:
    lines = []
    for path, symbol, owner in providers(modules):
        lines.append(f'{_absolute(directory, path)} needs "{_str(symbol)}": {_absolute(directory, owner)}\n')
    sys.stdout.flush()
    sys.stdout.buffer.write(_bytes("".join(lines)))


def _absolute(directory: str, path: bytes) -> str:
    return os.path.join(directory, _str(path))


def _str(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
