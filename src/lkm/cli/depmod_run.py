"""What a run of ``depmod`` does, stage by stage: list, read, index, write.

What makes indexes is imported when they are to be made: for a run that finds nothing changed it would be a tenth of
its time.
"""

from __future__ import annotations

import os
import sys
import time

from lkm import __version__
from lkm.cli.messages import ERR, INFO, WARNING, Messages
from lkm.cli.progress import Progress, Stages
from lkm.config.depmod import DepmodSettings, assemble_depmod
from lkm.errors import MachineError, NotFound
from lkm.index.cache import Cache, Derived, pack, summary
from lkm.index.choice import Chooser, in_order
from lkm.names import ModuleName, is_module_path
from lkm.record import Record
from lkm.system.beside import beside, meanwhile
from lkm.system.configfiles import depmod_files
from lkm.system.depcache import INPUTS, RACY_NS, read_cache, read_files, read_outputs, write_cache
from lkm.system.files import make_directory, read_bytes
from lkm.system.fileset import SetWriter
from lkm.system.tree import list_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.build import Modules
    from lkm.origin import Problem
    from lkm.report.document import Object
    from lkm.system.depcache import Reading


class Request(Record):
    """What the command line asks for. ``directory`` is read, ``out`` written; files: only these are indexed."""

    release: str
    directory: str
    out: str
    files: tuple[str, ...]
    options: dict[str, str]


def run(request: Request, config: tuple[str, ...], messages: Messages, fields: Object) -> int:
    """Do it; raises LkmError. ``fields`` is filled with what --json tells of it."""
    began = time.time_ns()
    stages = Stages()
    options = request.options
    if "verbose" in options:
        messages.priority = INFO
    kernel = _kernel_symbols(options)
    settings = _settings(config, messages)
    crcs = "errsyms" in options and "symvers" in options
    strip = _bytes(options.get("symbol-prefix", ""))
    read_from = "" if request.out == request.directory else request.directory
    context = _bytes("\0".join([__version__, options.get("symbol-prefix", ""), read_from]))
    caching = not (crcs or "no-cache" in options)
    reading_cache = meanwhile(lambda: read_cache(request.out, context) if caching else None)
    chosen = _choose(request, settings, messages)
    cache = reading_cache()
    paths = [path for _, path in chosen]
    start = request.directory + "/"
    names = [_bytes(path.removeprefix(start)) for path in paths]
    fields["modules"] = len(names)
    stages.end(f"{len(names)} modules found")
    with Progress("depmod: reading modules") as progress:
        how = {"crcs": crcs, "hashed": "hash" in options, "stamping": caching}
        reading = read_files(paths, names, cache, began - RACY_NS, tick=progress.show, **how)
    known = sum([place >= 0 for place in reading.kept])
    stages.end(f"{reading.read} read ({known} as in the cache)" if cache else f"{reading.read} read")
    before = None
    if cache and not reading.faults and not _speaks(options):
        before = read_outputs(request.directory, request.out, cache.outputs)
        if before is not None and reading.same_as(cache):
            return 0
    from lkm.index.build import Modules

    for at, fault in reading.faults:
        messages.error(f"failed to load symbols from {paths[at]}: {fault}")
    own = [_bytes(name) for name, _ in chosen]
    modules = Modules(own, names, *reading.facts, strip=strip, derive=caching, marks=reading.marks)
    if "verbose" in options and "json" not in options:
        _show_providers(modules, request.directory)
    if "errsyms" in options and kernel is not None:
        _tell_unresolved(modules, kernel, request.directory, messages, crcs=crcs)
    if _shows(options):
        _show(_index(modules, request, messages, lambda _name, _data: None), request, fields)
        return 0
    if request.out != request.directory:
        make_directory(request.out)
    with SetWriter(request.out) as writer:
        indexes = _changed(cache, before, modules, reading, writer) if cache and before is not None else None
        indexes = indexes or _index(modules, request, messages, writer.put)
        if caching:
            _remember(request.out, context, names, reading, indexes)
        stages.end(f"{len(indexes.files.keys() - INPUTS)} files made")
        writer.commit()
    stages.end("all on disk")
    if "verbose" in options:
        messages.info(str(stages))
    fields |= {"files": _sizes(indexes), "written": True}
    return 0


def _remember(out: str, context: bytes, names: list[bytes], reading: Reading, indexes: Indexes) -> None:
    """Write the cache, while the files are on their way to the disk. Without these very files it gives only facts."""
    outputs = summary(indexes.files) if indexes.sound and not reading.faults else b""
    stamps = b"".join(reading.stamps)
    write_cache(out, Cache(context, stamps, pack(names), reading.facts, outputs, indexes.derived))


def _settings(config: tuple[str, ...], messages: Messages) -> DepmodSettings:
    problems: list[Problem] = []
    settings = assemble_depmod(depmod_files("", config, problems))
    for problem in (*problems, *settings.problems):
        messages.warning(str(problem))
        messages.detail(problem.hint)
    return settings


def _show(indexes: Indexes, request: Request, fields: Object) -> None:
    """Print the text files, or put the sizes of all into ``fields``."""
    fields["files"] = _sizes(indexes)
    if "json" not in request.options:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"".join([d for name, d in indexes.files.items() if not name.endswith(".bin")]))


def _sizes(indexes: Indexes) -> list[Object]:
    return [{"name": name, "size": len(data)} for name, data in sorted(indexes.files.items()) if name not in INPUTS]


def _shows(options: dict[str, str]) -> bool:
    return "show" in options or "dry-run" in options


def _speaks(options: dict[str, str]) -> bool:
    """Tell whether a run has something to say even when nothing changed."""
    return _shows(options) or not options.keys().isdisjoint(("verbose", "errsyms", "warn"))


class Indexes(Record):
    """The index files (and what the kernel's build made of them, when sound); whether nothing was complained of."""

    files: dict[str, bytes]
    sound: bool
    derived: Derived | None


def _changed(
    cache: Cache, before: dict[str, bytes], modules: Modules, reading: Reading, writer: SetWriter
) -> Indexes | None:
    """Make the files from those before, and write those that are not the same; None when that can't be done.

    modules.dep is always written: its time tells ``-A`` that no module is newer.
    """
    from lkm.index.amend import amend, amend_aliases, change_of

    change = change_of(cache, modules, reading.kept)
    if change is None:
        return None
    aliases = beside(lambda: amend_aliases(change, before))
    amended = amend(change, before, aliases)
    if amended is None:
        return None
    files, derived = amended
    for name, data in files.items():
        if name == "modules.dep" or data != before[name]:
            writer.put(name, data)
    return Indexes(files, True, derived)


def _index(modules: Modules, request: Request, messages: Messages, done: Callable[[str, bytes], object]) -> Indexes:
    """Make all files, and call ``done`` with each as soon as it is made."""
    from lkm.index.build import build, build_aliases, resolve

    aliases = beside(lambda: build_aliases(modules))
    resolved = resolve(modules)
    # Only binary indexes come from these two, and those are not shown.
    show = _shows(request.options)
    found = [None if show else _optional(request.directory, name, messages) for name in INPUTS]
    built = build(modules, resolved, aliases, *found, done=done)
    for kind, text in built.notes:
        if kind != "duplicate" or "warn" in request.options:
            messages.say(ERR if kind == "error" else WARNING, text)
    inputs = {name: data for name, data in zip(INPUTS, found, strict=True) if data is not None}
    sound = len(inputs) == len(INPUTS) and all(kind == "duplicate" for kind, _ in built.notes)
    return Indexes({**inputs, **built.files} if sound else built.files, sound, built.derived)


def _kernel_symbols(options: dict[str, str]) -> dict[bytes, int] | None:
    """Return the kernel's symbols when a file with them was given."""
    path = options.get("symvers") or options.get("filesyms")
    if not path:
        return None
    from lkm.index.unresolved import parse_symvers, parse_system_map

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
                from lkm.cli.kernels import current
                from lkm.manager.absence import without_modules

                hint = "\n".join([hint, *without_modules(current(), "", request.release)])
            raise MachineError(f"could not search modules: {e.what}", "", e.errno, hint) from e
        for external in reversed(settings.external_directories(request.release)):
            try:
                for path in list_modules(external, settings.excludes, complain):
                    chooser.add(path)
            except MachineError as e:
                messages.error(f"could not open directory {external}: {e.what}")
    order = _optional(directory, "modules.order", messages) or b""
    return in_order(chooser.chosen, directory, _str(order).split("\n"))


def _optional(directory: str, name: str, messages: Messages) -> bytes | None:
    """Return a file that a kernel's installation makes, or None with a warning."""
    try:
        return read_bytes(f"{directory}/{name}")
    except MachineError as e:
        messages.warning(f"could not open {name} at {directory}: {e.what}")
        return None


def _tell_unresolved(
    modules: Modules, kernel: dict[bytes, int], directory: str, messages: Messages, *, crcs: bool
) -> None:
    from lkm.index.unresolved import unresolved

    for path, what, symbol in unresolved(modules, kernel, crcs=crcs):
        messages.warning(f"{_absolute(directory, path)} {what} {_str(symbol)}")


def _show_providers(modules: Modules, directory: str) -> None:
    from lkm.index.unresolved import providers

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
