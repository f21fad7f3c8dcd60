"""Several indexes as one."""

from __future__ import annotations

from collections.abc import Mapping

from lkm.errors import FormatError, LkmError
from lkm.index.lookup import ModuleIndex
from lkm.index.merged import MergedIndex
from lkm.index.triewriter import value_block, write_trie


def part(directory: str, files: Mapping[str, Mapping[str, str]], broken: str = "") -> ModuleIndex:
    def opener(name: str) -> bytes | None:
        if name == broken:
            return b"junk" * 9
        if name not in files:
            return None
        pairs = files[name].items()
        return write_trie({key.encode(): value_block([(0, value.encode())]) for key, value in pairs})

    return ModuleIndex(directory, opener)


BASE = part(
    "/b",
    {
        "modules.dep.bin": {"fat": "fat.ko:", "msdos": "msdos.ko: fat.ko", "old": "old.ko:"},
        "modules.alias.bin": {"fs_msdos": "msdos", "x:*": "old"},
        "modules.symbols.bin": {"symbol:fat_scan": "fat", "symbol:old": "old"},
        "modules.builtin.bin": {"ext4": ""},
        "modules.builtin.alias.bin": {"fs_ext4": "ext4"},
    },
)
MORE = part(
    "/m",
    {
        "modules.dep.bin": {"vfat": "vfat.ko:", "old": "updates/old.ko:", "a": "a.ko: b.ko", "b": "b.ko: a.ko"},
        "modules.alias.bin": {"fs_vfat": "vfat", "x:y": "old", "fs_*": "a"},
        "modules.symbols.bin": {"symbol:new": "old"},
    },
)
LACKS = {"/m/vfat.ko": ["fat_scan", "kmalloc"], "/b/msdos.ko": ["fat_scan"], "/m/a.ko": ["old", "new"]}


def merged(*parts: ModuleIndex, gone: tuple[str, ...] = ()) -> tuple[MergedIndex, list[LkmError]]:
    told: list[LkmError] = []
    index = MergedIndex(parts, lambda path: path not in gone, lambda path: LACKS.get(path, []), told.append)
    return index, told


def needed(index: MergedIndex, name: str) -> list[tuple[str, str]]:
    entry = index.dependencies(name)
    assert entry
    return list(index.needed(entry))


def test_the_last_directory_counts_with_all_that_it_says() -> None:
    index, told = merged(BASE, MORE)
    assert [(e.name, e.path) for e in index.all_modules()] == [
        *(("a", "/m/a.ko"), ("b", "/m/b.ko"), ("fat", "/b/fat.ko"), ("msdos", "/b/msdos.ko")),
        *(("old", "/m/updates/old.ko"), ("vfat", "/m/vfat.ko")),
    ]
    assert index.directories == ("/b", "/m") and index.home("old") == "/m" and index.home("nosuch") == "/b"
    assert index.symbol_owners("symbol:old") == ()  # the old file's symbols and aliases are not the new one's
    assert index.aliases("x:z") == () and index.aliases("x:y") == ("old",)
    assert index.aliases("fs_msdos") == ("a", "msdos")
    assert dict(index.dump_symbols()) == {"symbol:fat_scan": "fat", "symbol:new": "old"}
    assert index.hidden() == [("/b/old.ko", "/m/updates/old.ko")]
    assert index.is_builtin("ext4") and index.builtin_aliases("fs_ext4") == ("ext4",)
    assert not told


def test_a_module_without_its_file_does_not_count_where_another_has_one() -> None:
    index, _ = merged(BASE, MORE, gone=("/m/updates/old.ko",))
    entry = index.dependencies("old")
    assert entry and entry.path == "/b/old.ko" and index.hidden() == []
    index, _ = merged(BASE, MORE, gone=("/m/updates/old.ko", "/b/old.ko"))
    entry = index.dependencies("old")
    assert entry and entry.path == "/m/updates/old.ko"


def test_needs_of_other_directories_are_found_by_their_symbols() -> None:
    index, told = merged(BASE, MORE)
    assert needed(index, "vfat") == [("/b/fat.ko", "/b/modules.symbols")]
    assert needed(index, "msdos") == [("/b/fat.ko", "/b/modules.dep")]
    assert needed(index, "a") == [("/m/updates/old.ko", "/m/modules.symbols"), ("/m/b.ko", "/m/modules.dep")]
    assert needed(index, "fat") == [] and not told


def test_what_is_broken_is_told_and_passed_over() -> None:
    bad = part("/x", {"modules.dep.bin": {"new": "new.ko:"}}, broken="modules.alias.bin")
    index, told = merged(BASE, bad)
    assert index.aliases("fs_msdos") == ("msdos",)
    assert str(told[0]).startswith("/x/modules.alias.bin: ")

    def lacks(path: str) -> list[str]:
        raise FormatError("not an ELF file", path)

    index = MergedIndex([BASE, MORE], lambda _: True, lacks, told.append)
    assert needed(index, "msdos") == [("/b/fat.ko", "/b/modules.dep")]
    assert str(told[-1]).startswith("/b/")
