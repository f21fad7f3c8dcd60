"""``lkm list``: the loaded modules, with who uses them and what is to be known of each."""

from __future__ import annotations

import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.names import fold
from lkm.report.info import signature_object
from lkm.report.list import SORTS, Row, chosen, in_order, row_object, table, tree
from lkm.system.users import all_uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from lkm.kernel.interface import ShownKernel
    from lkm.report.document import Object
    from lkm.report.info import Signed

USAGE = """lkm list [options] [NAME...]

Lists the loaded modules, the newest first: size, use count, who uses each (modules, mounts, interfaces, processes),
taint, and a time at which it was there already. NAME may have wildcards. Status: 0, 1 when no module fits, 2."""
OPTIONS = (
    Option("s", "sort", "COLUMN", "newest, oldest, name, size, uses, taint, signature or autoclean; the most first"),
    Option("t", "tree", "", "as a tree: below each module those that it uses"),
    Option("", "used", "", "only modules that somebody uses"),
    Option("", "unused", "", "only modules that nobody uses"),
    Option("", "tainted", "", "only modules that taint the kernel"),
    Option("l", "long", "", "read the files too: who signed them"),
    Option("p", "plain", "", "plain text on a terminal too"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """List; see USAGE for the status."""
    return asked("list", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], operands: list[str], fields: Object) -> int:
    sort = given.get("sort", "newest")
    if sort not in SORTS:
        raise UsageError(f"there is no order '{sort}'", hint=f"one of: {' '.join(SORTS)}")
    if "used" in given and "unused" in given:
        raise UsageError("--used and --unused leave nothing")
    of_today()
    kernel = open_kernel(LinuxKernel)
    used = True if "used" in given else False if "unused" in given else None
    every, complete = _rows(kernel)
    rows = chosen(every, [fold(word) for word in operands], used=used, tainted="tainted" in given)
    if {"long", "json"} & set(given) or sort == "signature":
        rows = _with_files(kernel, rows)
    rows = in_order(rows, sort)
    fields |= {"modules": [row_object(row, signature_object) for row in rows], "complete": complete}
    if "json" not in given:
        if rows:
            _print(rows, given)
        else:
            sys.stderr.write(f"lkm list: {'no module that is loaded fits' if every else 'no module is loaded'}\n")
        if not complete:
            sys.stderr.write("lkm list: some processes could not be looked at: root may look at all\n")
    return 0 if rows or not every else 1


def _rows(kernel: ShownKernel) -> tuple[list[Row], bool]:
    """Return the modules with their users, and whether every process was looked at."""
    state = kernel.state()
    uses = all_uses(kernel, state)
    marks = _marked(kernel)
    since = kernel.since([module.name for module in state.modules])
    rows = [
        Row(
            module,
            uses.of(module.name),
            autoclean=module.name in marks if marks is not None else None,
            since=since.get(module.name, ""),
        )
        for module in state.modules
    ]
    return rows, uses.complete


def _marked(kernel: ShownKernel) -> Collection[str] | None:
    """Return the modules that may go when they are idle (lkm autoclean), None where that cannot be read."""
    from lkm.errors import LkmError
    from lkm.system.autoloaded import Store

    try:
        return {mark.module for mark in Store(kernel).read()[0].marks}
    except LkmError:
        return None


def _with_files(kernel: ShownKernel, rows: list[Row]) -> list[Row]:
    """Return the rows with what the modules' files tell, those that the tree of this kernel has."""
    from lkm.cli.info_details import Keys
    from lkm.errors import LkmError
    from lkm.system.files import open_source
    from lkm.system.moduletree import IndexedTree
    from lkm.system.tree import find_modules_dir

    try:
        tree = IndexedTree(find_modules_dir(kernel.root(), kernel.release()))
    except LkmError:
        return rows
    keys = Keys(kernel, kernel.root(), kernel.release(), ours=True)
    found = []
    for row in rows:
        path = tree.path(row.module.name)
        signed: Signed | None = None
        read = False
        try:
            if path:
                with open_source(path) as source:
                    signed, read = keys.signature(source), True
        except LkmError:
            pass  # it was removed or replaced since
        found.append(row._replace(signature=signed, read=read, path=path))
    return found


def _print(rows: list[Row], given: dict[str, str]) -> None:
    if "tree" in given:
        sys.stdout.write(tree(rows))
    elif sys.stdout.isatty() and "plain" not in given:
        from lkm.cli.list_terminal import show

        show(rows)
    else:
        sys.stdout.buffer.write(table(rows).encode("utf-8", "surrogateescape"))
