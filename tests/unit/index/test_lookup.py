"""What an index says, asked by name, alias and symbol."""

from __future__ import annotations

import pytest

from lkm.errors import FormatError
from lkm.index.lookup import DepEntry, ModuleIndex
from lkm.index.triewriter import value_block, write_trie
from lkm.names import ModuleName


def trie(**values: str) -> bytes:
    return write_trie({key.encode(): value_block([(0, value.encode())]) for key, value in values.items()})


FILES = {
    "modules.dep.bin": trie(msdos="kernel/msdos.ko: kernel/fat.ko", fat="kernel/fat.ko:", odd="no colon"),
    "modules.alias.bin": write_trie({b"fs_*": value_block([(0, b"msdos"), (4, b"vfat")])}),
    "modules.symbols.bin": write_trie({b"symbol:fat_x": value_block([(0, b"fat")])}),
    "modules.builtin.bin": trie(ext4=""),
    "modules.builtin.alias.bin": write_trie({b"fs_ext4": value_block([(0, b"ext4")])}),
    "modules.builtin.modinfo": b"ext.a=1\0ext4.license=GPL\0ext4.alias=fs-ext4\0x.ext4.y=1\0ext4.late=x=y",
    "modules.softdep": b"softdep a pre: b\xff\n",
}


def test_every_question() -> None:
    asked: list[str] = []

    def opener(name: str) -> bytes | None:
        asked.append(name)
        return FILES.get(name)

    index = ModuleIndex("/m", opener)
    assert asked == []
    assert index.dependencies("msdos") == DepEntry(ModuleName("msdos"), "kernel/msdos.ko", ("kernel/fat.ko",))
    assert index.dependencies("fat") == DepEntry(ModuleName("fat"), "kernel/fat.ko")
    assert index.dependencies("fa") is None
    assert index.aliases("fs_msdos") == ("msdos", "vfat")
    assert index.aliases("msdos") == ()
    assert index.symbol_owners("symbol:fat_x") == ("fat",)
    assert (index.is_builtin("ext4"), index.is_builtin("ext")) == (True, False)
    assert index.builtin_aliases("fs_ext4") == ("ext4",)
    assert index.builtin_modinfo("ext4") == (("license", "GPL"), ("alias", "fs-ext4"))
    assert index.builtin_modinfo("ext") == (("a", "1"),)
    assert index.builtin_modinfo("xt4") == ()
    assert index.softdeps_text() == "softdep a pre: b\udcff\n"
    assert index.weakdeps_text() == ""
    assert list(index.dump_aliases()) == [("fs_*", "msdos"), ("fs_*", "vfat")]
    assert list(index.dump_symbols()) == [("symbol:fat_x", "fat")]
    assert len(asked) == len(set(asked))


def test_a_line_without_a_path_is_told() -> None:
    index = ModuleIndex("/m", FILES.get)
    with pytest.raises(FormatError, match="no ':' in 'no colon'") as caught:
        index.dependencies("odd")
    assert caught.value.where == "/m/modules.dep.bin"
    with pytest.raises(FormatError):
        list(index.all_modules())


def test_a_directory_without_indexes_has_no_answers() -> None:
    index = ModuleIndex("/m", lambda _: None)
    assert index.dependencies("a") is None
    assert list(index.all_modules()) == list(index.dump_aliases()) == []
    assert index.aliases("a") == index.symbol_owners("symbol:a") == index.builtin_aliases("a") == ()
    assert not index.is_builtin("a")
    assert index.builtin_modinfo("a") == ()


def test_a_broken_file_is_named() -> None:
    index = ModuleIndex("/m", lambda _: b"rubbish rubbish")
    with pytest.raises(FormatError, match=r"/m/modules\.alias\.bin: at byte 0: magic"):
        index.aliases("a")
