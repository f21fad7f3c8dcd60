"""``lkm surface``: which modules users without rights can have loaded, and a file that closes what nobody needs."""

from __future__ import annotations

import os
import sys

from lkm.autoload.surface import Surface
from lkm.cli.answer import asked
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.cli.surface_host import Place, host_of, place_of, policy_in
from lkm.errors import UsageError
from lkm.names import fold
from lkm.report.surface import FORBID, FORMS, closing, reach_lines, reach_object, summary
from lkm.system.configfiles import DIRECTORIES
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.surface import Reach
    from lkm.index.lookup import ModuleIndex
    from lkm.report.document import Object

USAGE = """lkm surface [--image VMLINUZ] [-d ROOT] [-S RELEASE] [--spare | --closed | --all] [MODULE...]
       lkm surface --write FILE [--form FORM]

Tells which modules of a tree a user without any right can have loaded, by which way, and whether anything here needs
them. `--write` makes a file that closes the ways to all others. Status: 0, or 2 for errors."""
OPTIONS = (
    Option("", "image", "PATH", "the kernel image, whose configuration counts"),
    Option("d", "dirname", "DIR", "the root below which modules and the configuration are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("C", "config", "PATH", "read this file or directory of modprobe.d, not the usual ones"),
    Option("", "spare", "", "only what can be loaded and is not needed here"),
    Option("", "closed", "", "only what cannot be loaded, and what keeps it from that"),
    Option("", "all", "", "both"),
    Option("", "write", "FILE", "write lines that close what is spare"),
    Option("", "form", "FORM", f"how to close it: {', '.join(FORMS)} ({FORBID})"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Tell, or write; return the exit status."""
    return asked("surface", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], operands: list[str], fields: Object) -> int:
    form = given.get("form", FORBID)
    if form not in FORMS:
        raise UsageError(f"unknown form '{form}'", hint=f"known are: {', '.join(FORMS)}")
    place = place_of(given)
    configs = (given["config"],) if "config" in given else _configs(place)
    world, index = open_world(place.root, place.release, configs, place.cmdline)
    names = [str(entry.name) for entry in index.all_modules()]
    if not names:
        raise UsageError(
            f"no modules for {place.release} in {world.directory}", hint="run depmod, or name another -S"
        )
    for word in operands:
        if fold(word) not in names:
            raise UsageError(f"there is no module {word} in {world.directory}")
    reaches = Surface(world, _aliases(index), names, host_of(place, world), policy_in(place, world)).reaches()
    if "write" in given:
        _write(given["write"], closing(reaches, form, place.release))
    shown = [reach for reach in reaches if _wanted(reach, given, operands)]
    fields |= {
        "release": place.release,
        "modules": len(names),
        "reached": [reach_object(reach) for reach in shown],
        "written": given.get("write"),
    }
    if "json" not in given:
        if "write" in given:
            spare = sum(reach.spare for reach in reaches)
            sys.stdout.write(f"{given['write']}: closes {spare} modules\n")
        else:
            sys.stdout.write("".join([reach_lines(reach) for reach in shown]))
            if not operands:
                sys.stdout.write(summary(reaches, len(names), place.release))
    return 0


def _wanted(reach: Reach, given: dict[str, str], operands: list[str]) -> bool:
    if operands:
        return reach.module in [fold(word) for word in operands]
    if "all" in given:
        return True
    if "spare" in given:
        return reach.spare
    return reach.open != ("closed" in given)


def _configs(place: Place) -> tuple[str, ...]:
    """Return where modprobe.d of a foreign root is; () for this machine's."""
    if not place.root:
        return ()
    found = [f"{place.root.rstrip('/')}{directory}/modprobe.d" for directory in DIRECTORIES]
    return tuple(filter(os.path.isdir, found)) or (os.devnull,)


def _aliases(index: ModuleIndex) -> list[tuple[str, str]]:
    """Return (alias, module) of a tree: as they are spelled in modules.alias, or as the index has folded them."""
    from lkm.index.lookup import ModuleIndex

    text = index.file("modules.alias") if isinstance(index, ModuleIndex) else None
    if text is None:
        return [(pattern, str(module)) for pattern, module in index.dump_aliases()]
    rows = [line.split() for line in bytes(text).decode("utf-8", "surrogateescape").splitlines()]
    return [(row[1], row[2]) for row in rows if len(row) == 3 and row[0] == "alias"]


def _write(path: str, text: str) -> None:
    from lkm.system.fileset import write_set

    directory, name = os.path.split(os.path.abspath(path))
    write_set(directory, {name: text.encode("utf-8", "surrogateescape")})
