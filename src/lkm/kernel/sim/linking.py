"""What a module needs of others, and how it is bound to them: versions, symbols, relocations.

Functions of the kernel are in kernel/module/main.c unless another file is named.
"""

from __future__ import annotations

import errno
from struct import Struct

from lkm.kernel.sim.objectfile import (
    SHF_ALLOC,
    SHN_ABS,
    SHN_COMMON,
    SHN_LIVEPATCH,
    SHN_UNDEF,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.admission import Attempt

_ERR, _WARNING = 3, 4
_LAYOUT = "module_layout"
_WEAK = 2
_X86_64 = "62"
_IGNORED = "_GLOBAL_OFFSET_TABLE_"  # ``ignore_undef_symbol``
_ENTRY, _OFFSET = Struct("<QQq"), Struct("<Q16x")
#: R_X86_64_*: NONE, then those that are made → how many bytes of zeros they want (arch/x86/kernel/module.c).
_RELOCATIONS = {0: 0, 1: 8, 2: 4, 4: 4, 10: 4, 11: 4, 24: 8}


def layout_version(attempt: Attempt) -> int:
    """kernel/module/version.c: ``check_modstruct_version``: the CRC of ``module_layout``."""
    return 0 if attempt.world.meta("modversions") != "1" or _has_version(attempt, _LAYOUT) else errno.ENOEXEC


def _has_version(attempt: Attempt, name: str) -> bool:
    """Judge a symbol's CRC (kernel/module/version.c: ``check_version``)."""
    row = attempt.world.db.execute("SELECT crc FROM exports WHERE name = ?", (name,)).fetchone()
    return row is None or _is_version(attempt, name, row[0])


def _is_version(attempt: Attempt, name: str, ours: int | None) -> bool:
    if ours is None:
        return True
    if not attempt.versions:
        return attempt.force(name) == 0
    crc = attempt.crcs.get(name)
    if crc == ours:
        return True
    what = "no symbol version for" if crc is None else "disagrees about version of symbol"
    attempt.say(f"{attempt.info_name}: {what} {name}")
    return False


def needed_symbols(attempt: Attempt) -> int:
    """``simplify_symbols``: each symbol that is missing is said, and the last one's errno is the answer."""
    answer = 0
    name, sections = attempt.name, attempt.file.sections
    for symbol, info, section in attempt.file.outside():
        if section == SHN_UNDEF:
            number = _resolve(attempt, symbol)
            if number and not (number == errno.ENOENT and (info >> 4 == _WEAK or symbol == _IGNORED)):
                attempt.say(f"{name}: Unknown symbol {symbol} (err -{number})")
                answer = number
        elif section == SHN_COMMON:
            if not symbol.startswith("__gnu_lto"):
                attempt.say(f"{name}: please compile with -fno-common")
                answer = errno.ENOEXEC
        elif section not in (SHN_ABS, SHN_LIVEPATCH):
            words = f"Symbol {symbol} has an invalid section index {section} (max {len(sections) - 1})"
            attempt.say(f"{name}: {words}", _ERR)
            answer = errno.ENOEXEC
    return answer


def _resolve(attempt: Attempt, symbol: str) -> int:
    """``resolve_symbol``: found, allowed for this license, of the right version, from an imported namespace."""
    world = attempt.world
    query = (
        "SELECT e.gpl_only, e.namespace, e.module, m.taint, m.state, e.crc FROM exports e LEFT JOIN modules m"
        " ON m.name = e.module WHERE e.name = ?"
    )
    row = world.db.execute(query, (symbol,)).fetchone()
    if row is None or (row[0] and "P" in attempt.taint):
        return errno.ENOENT
    gpl_only, namespace, owner, taint, state, crc = row
    attempt.gpl_only = attempt.gpl_only or bool(gpl_only)
    if "P" in (taint or "") and not _inherits(attempt, symbol, owner):
        return errno.ENOENT
    if world.meta("modversions") == "1" and not _is_version(attempt, symbol, crc):
        return errno.EINVAL
    if namespace and namespace not in attempt.values("import_ns"):
        text = f"module uses symbol ({symbol}) from namespace {namespace}, but does not import it."
        attempt.say(f"{attempt.name}: {text}", _ERR)
        return errno.EINVAL
    if not owner or owner in attempt.used:
        return 0
    if state == "Loading":  # ``resolve_symbol_wait``: after 30 seconds
        attempt.say(f"{attempt.name}: gave up waiting for init of module {owner}.")
        return errno.EBUSY
    if state != "Live":
        return errno.ENOENT
    attempt.used.append(owner)
    return 0


def _inherits(attempt: Attempt, symbol: str, owner: str) -> bool:
    """``inherit_taint``: who uses a proprietary module is one itself, which GPL-only symbols forbid."""
    if attempt.gpl_only:
        text = f"module using GPL-only symbols uses symbols {symbol} from proprietary module {owner}."
        attempt.say(f"{attempt.name}: {text}", _ERR)
        return False
    if "P" not in attempt.taint:
        text = f"module uses symbols {symbol} from proprietary module {owner}, inheriting taint."
        attempt.say(f"{attempt.name}: {text}")
        attempt.taint.add("P")
    return True


def export_versions(attempt: Attempt) -> int:
    """``check_module_license_and_versions``: with CONFIG_MODVERSIONS, what is exported has CRCs."""
    if attempt.world.meta("modversions") != "1":
        return 0
    for suffix in ("", "_gpl"):
        index = attempt.file.find(f"__ksymtab{suffix}")
        if index and attempt.file.sections[index].size and not attempt.file.find(f"__kcrctab{suffix}"):
            return attempt.force("no versions for exported symbols")
    return 0


def own_exports(attempt: Attempt) -> int:
    """``verify_exported_symbols``: a symbol that somebody exports already."""
    for export in sorted(attempt.facts.exports, key=lambda e: e.gpl_only):
        query = "SELECT module FROM exports WHERE name = ?"
        row = attempt.world.db.execute(query, (export.name,)).fetchone()
        if row is not None:
            owner = row[0] or "kernel"
            attempt.say(f"{attempt.name}: exports duplicate symbol {export.name} (owned by {owner})", _ERR)
            return errno.ENOEXEC
    return 0


def relocations(attempt: Attempt) -> int:
    """``apply_relocations``, arch/x86/kernel/module.c: known types only, and nothing stands where one is made.

    That a value is too far for its relocation is not judged: it depends on addresses; nor is what other machines do.
    """
    if attempt.world.meta("machine", _X86_64) != _X86_64:
        return 0
    file = attempt.file
    dropped = {file.find(".modinfo"), file.find("__versions") if attempt.versions else 0}
    for index, section in enumerate(file.sections):
        if section.type not in (SHT_REL, SHT_RELA) or section.info >= len(file.sections):
            continue
        if section.info in dropped or not file.sections[section.info].flags & SHF_ALLOC:
            continue
        if section.type == SHT_REL:
            attempt.say(f"module {attempt.name}: REL relocation unsupported", _ERR)
            return errno.ENOEXEC
        if number := _relocate(attempt, index, section.info):
            return number
    return 0


def _all_right(table: bytes, data: bytes) -> bool:
    """Tell whether all relocations are known, and zeros stand where they are made; it looks at all of them at once.

    That is so in all good modules. The bytes of r_info that tell the type are those at 8 to 11 of each entry.
    """
    table = table[: len(table) // _ENTRY.size * _ENTRY.size]
    kinds = set(table[8 :: _ENTRY.size])
    if any(any(table[byte :: _ENTRY.size]) for byte in (9, 10, 11)) or not kinds <= _RELOCATIONS.keys():
        return False
    size = max([_RELOCATIONS[kind] for kind in kinds], default=0)
    return {data[at : at + size] for (at,) in _OFFSET.iter_unpack(table)} <= {bytes(size)}


def _relocate(attempt: Attempt, index: int, target: int) -> int:
    prefix = "subarch" if attempt.world.meta("um") == "1" else "module"
    table = attempt.file.contents(index)
    zeros = attempt.file.sections[target].type == SHT_NOBITS
    data = b"" if zeros else attempt.file.contents(target)
    if _all_right(table, data):
        return 0
    for at, info, _ in _ENTRY.iter_unpack(table[: len(table) // _ENTRY.size * _ENTRY.size]):
        kind = info & 0xFFFFFFFF
        size = _RELOCATIONS.get(kind)
        if size is None:
            attempt.say(f"{prefix}: {attempt.name}: Unknown rela relocation: {kind}", _ERR)
            return errno.ENOEXEC
        if any(data[at : at + size]):
            text = "Skipping invalid relocation target, existing value is nonzero for type"
            attempt.say(f"{prefix}: x86/modules: {text} {kind}, loc 0000000000000000, val 0", _ERR)
            return errno.ENOEXEC
    return 0
