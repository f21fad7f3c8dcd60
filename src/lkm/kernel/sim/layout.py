"""How much memory a module takes: ``layout_sections`` (kernel/module/main.c), ``layout_symtab`` (kallsyms.c).

Sections are packed in five groups, each by its alignment, those whose names begin with ``.init`` apart from the
others. Then come the symbols that stay, with their names. Where module memory is protected by its kind
(CONFIG_STRICT_MODULE_RWX), most groups end at a page.
"""

from __future__ import annotations

from lkm.kernel.sim.objectfile import SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_UNDEF, SYMBOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.objectfile import ObjectFile

_PAGE = 4096
_RO_AFTER_INIT = 0x00200000  # SHF_RO_AFTER_INIT (include/linux/module.h)
#: (flags that must be there, flags that must not), and whether a strict kernel then goes to the next page.
_GROUPS = (
    (SHF_EXECINSTR | SHF_ALLOC, 0, True),
    (SHF_ALLOC, SHF_WRITE, True),
    (_RO_AFTER_INIT | SHF_ALLOC, 0, True),
    (SHF_WRITE | SHF_ALLOC, 0, False),
    (SHF_ALLOC, 0, True),
)
_KALLSYMS = 32  # sizeof(struct mod_kallsyms), and its alignment (include/linux/module.h)


def sizes(file: ObjectFile, features: frozenset[str], *, versions: bool = True) -> tuple[int, int]:
    """Return the bytes of the core and of the part for init, which is given back when init has ended.

    ``features``: those of :mod:`lkm.image.features` that the kernel has. ``versions``: ``__versions`` is known as
    what it is, and not kept; with MODULE_INIT_IGNORE_MODVERSIONS it is a section like others.
    """
    strict = "strict_rwx" in features
    flags = [section.flags for section in file.sections]
    percpu = file.find(".data..percpu") if "smp" in features else 0
    for index in (file.find(".modinfo"), file.find("__versions") if versions else 0, percpu):
        flags[index] &= ~SHF_ALLOC
    for index in (file.find(".data..ro_after_init"), file.find("__jump_table")):
        flags[index] |= _RO_AFTER_INIT if index else 0
    size = [0, 0]
    for for_init in (0, 1):
        placed: set[int] = set()
        for wanted, unwanted, page in _GROUPS:
            for index, section in enumerate(file.sections):
                if index in placed or flags[index] & wanted != wanted or flags[index] & unwanted:
                    continue
                if section.name.startswith(".init") != bool(for_init):
                    continue
                placed.add(index)
                size[for_init] = _aligned(size[for_init], section.align) + section.size
            if page and strict:
                size[for_init] = _aligned(size[for_init], _PAGE)
    return _with_symbols(file, flags, percpu if "kallsyms_all" in features else 0, features, size)


def _with_symbols(
    file: ObjectFile, flags: list[int], percpu: int, features: frozenset[str], size: list[int]
) -> tuple[int, int]:
    """Add the symbol tables: the core's has what is in sections that stay, without KALLSYMS_ALL only code."""
    table = file.symbol_table()
    strings = file.sections[table].link
    wanted = SHF_ALLOC if "kallsyms_all" in features else SHF_ALLOC | SHF_EXECINSTR
    stays = [
        flags[index] & wanted == wanted and not section.name.startswith(".init")
        for index, section in enumerate(file.sections)
    ]
    stays[0] = False
    if percpu:
        stays[percpu] = True
    names, data = file.contents(strings), file.contents(table)
    total, kept, room = 0, 1, 1  # the first, empty symbol stays always
    for at, _, _, where, _, _ in SYMBOL.iter_unpack(data[: len(data) // SYMBOL.size * SYMBOL.size]):
        total += 1
        if where != SHN_UNDEF and where < len(stays) and at and stays[where]:
            kept += 1
            room += names.find(b"\0", at) - at + 1
    core = _aligned(size[0], file.sections[table].align) + kept * SYMBOL.size + room + kept
    init = _aligned(size[1], file.sections[table].align) + file.sections[table].size
    init = _aligned(init, file.sections[strings].align) + file.sections[strings].size
    init = _aligned(init, 8) + _KALLSYMS + total
    if "strict_rwx" in features:
        return _aligned(core, _PAGE), _aligned(init, _PAGE)
    return core, init


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to if to else size
