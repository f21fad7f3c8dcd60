"""Reading the text files of a module directory: each gives what it lists, and the lines that make no sense.

The binary indexes say the same and faster; these are for trees without them, and for people's tools.
"""

from __future__ import annotations

from lkm.index.lookup import DepEntry
from lkm.names import ModuleName, name_from_path
from lkm.origin import Origin, Problem
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Problems = tuple[Problem, ...]


class DeviceNode(Record):
    """A line of modules.devname: opening /dev/``device`` (``kind`` "b" or "c") wants the module."""

    module: ModuleName
    device: str
    kind: str
    major: int
    minor: int


def parse_dep(text: str, file: str = "modules.dep") -> tuple[tuple[DepEntry, ...], Problems]:
    r"""Return the entries of modules.dep.

    >>> parse_dep("kernel/a-b.ko: kernel/c.ko\nx\n")[0]
    (DepEntry(name='a_b', path='kernel/a-b.ko', depends=('kernel/c.ko',)),)
    """
    found, problems = [], []
    for origin, line in _lines(text, file):
        path, colon, depends = line.partition(":")
        if colon and path:
            found.append(DepEntry(name_from_path(path), path, tuple(depends.split())))
        else:
            problems.append(Problem(origin, "no 'PATH:' at the start", line, 1, "run depmod"))
    return tuple(found), tuple(problems)


def parse_aliases(text: str, file: str = "modules.alias") -> tuple[tuple[tuple[str, ModuleName], ...], Problems]:
    r"""Return (pattern, module) from modules.alias or modules.symbols; a pattern may hold spaces.

    >>> parse_aliases("# x\nalias fs-msdos msdos\nalias symbol:f fat\n")[0]
    (('fs-msdos', 'msdos'), ('symbol:f', 'fat'))
    """
    found, problems = [], []
    for origin, line in _lines(text, file):
        pattern, space, module = line.removeprefix("alias ").rpartition(" ")
        if line.startswith("alias ") and space and module:
            found.append((pattern, ModuleName(module)))
        else:
            problems.append(Problem(origin, "not of the form 'alias PATTERN MODULE'", line, 1, "run depmod"))
    return tuple(found), tuple(problems)


def parse_directives(text: str, file: str) -> tuple[tuple[tuple[ModuleName, str], ...], Problems]:
    r"""Return (module, what it says) from modules.softdep or modules.weakdep.

    >>> parse_directives("softdep ext4 pre: crc32c\n", "modules.softdep")[0]
    (('ext4', 'pre: crc32c'),)
    """
    found, problems = [], []
    for origin, line in _lines(text, file):
        word, _, rest = line.partition(" ")
        module, space, said = rest.partition(" ")
        if word in ("softdep", "weakdep") and module and space:
            found.append((ModuleName(module), said))
        else:
            problems.append(Problem(origin, "not of the form 'softdep MODULE TEXT'", line, 1, "run depmod"))
    return tuple(found), tuple(problems)


def parse_devname(text: str, file: str = "modules.devname") -> tuple[tuple[DeviceNode, ...], Problems]:
    r"""Return the device nodes of modules.devname.

    >>> parse_devname("fuse fuse c10:229\n")[0]
    (DeviceNode(module='fuse', device='fuse', kind='c', major=10, minor=229),)
    """
    found, problems = [], []
    for origin, line in _lines(text, file):
        head, _, number = line.rpartition(" ")
        module, space, device = head.partition(" ")
        major, colon, minor = number[1:].partition(":")
        if space and colon and number[0] in "bc" and _is_number(major) and _is_number(minor):
            found.append(DeviceNode(ModuleName(module), device, number[0], int(major), int(minor)))
        else:
            problems.append(Problem(origin, "not of the form 'MODULE DEVICE c10:229'", line, 1, "run depmod"))
    return tuple(found), tuple(problems)


def parse_paths(text: str, file: str) -> tuple[tuple[str, ...], Problems]:
    r"""Return the paths that modules.order or modules.builtin lists, in order.

    >>> parse_paths("kernel/fs/fat/fat.ko\nfat\n", "modules.order")[0]
    ('kernel/fs/fat/fat.ko',)
    """
    found, problems = [], []
    for origin, line in _lines(text, file):
        if line.endswith(".ko"):
            found.append(line)
        else:
            problems.append(Problem(origin, "not a path that ends in .ko", line, 1))
    return tuple(found), tuple(problems)


def parse_builtin_modinfo(
    text: str, file: str = "modules.builtin.modinfo"
) -> tuple[dict[ModuleName, tuple[tuple[str, str], ...]], Problems]:
    r"""Return module → (key, value) pairs; the file holds ``MODULE.KEY=VALUE`` records, each ended by a zero byte.

    The line of a problem's origin is the number of the record.

    >>> parse_builtin_modinfo("8250.alias=char-major-4-*\0" "8250.license=GPL\0")[0]
    {'8250': (('alias', 'char-major-4-*'), ('license', 'GPL'))}
    """
    found: dict[ModuleName, list[tuple[str, str]]] = {}
    problems = []
    records = text.split("\0")
    for number, record in enumerate(records[:-1], 1):
        module, dot, rest = record.partition(".")
        key, equals, value = rest.partition("=")
        if dot and equals and module and key:
            found.setdefault(ModuleName(module), []).append((key, value))
        else:
            problems.append(Problem(Origin(file, number), "not of the form 'MODULE.KEY=VALUE'", record, 1))
    if records[-1]:
        problems.append(Problem(Origin(file, len(records)), "the last record has no end", records[-1], 1))
    return {module: tuple(pairs) for module, pairs in found.items()}, tuple(problems)


def _lines(text: str, file: str) -> Iterator[tuple[Origin, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line and line[0] != "#":
            yield Origin(file, number), line


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
