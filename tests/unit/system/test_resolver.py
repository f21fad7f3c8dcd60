"""The long-lived handle: its answers, and that it notices what changes on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.index.triewriter import value_block, write_trie
from lkm.names import ModuleName
from lkm.system.resolver import Answer, Resolver
from lkm.system.world import open_world


def write(path: Path, entries: dict[str, str]) -> None:
    """Replace an index file, as depmod does, with a time of change that is always new."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(
        write_trie({key.encode(): value_block([(0, value.encode())]) for key, value in entries.items()})
    )
    fresh.replace(path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    directory = tmp_path / "lib/modules/6.1"
    directory.mkdir(parents=True)
    write(directory / "modules.dep.bin", {"e1000e": "k/e1000e.ko:", "snd_x": "k/snd-x.ko:"})
    write(directory / "modules.alias.bin", {"pci:v*": "e1000e", "snd_card_*": "snd_x"})
    write(directory / "modules.builtin.bin", {"ext4": ""})
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/a.conf").write_text("alias eth0 e1000e\n")
    return tmp_path


def resolver(tree: Path) -> Resolver:
    place = str(tree / "conf")
    return Resolver(lambda: open_world(str(tree), "6.1", (place,), ""), (place,))


def answer(name: str, *modules: str, builtin: bool = False) -> Answer:
    return Answer(name, tuple(map(ModuleName, modules)), (), builtin)


def test_answers(tree: Path) -> None:
    handle = resolver(tree)
    assert handle.resolve("pci:v8086") == answer("pci:v8086", "e1000e")
    assert handle.resolve("snd-card-0") == answer("snd-card-0", "snd_x")
    assert handle.resolve("eth0") == answer("eth0", "e1000e")
    assert handle.resolve("snd-x") == answer("snd-x", "snd_x")
    assert handle.resolve("ext4") == answer("ext4", "ext4", builtin=True)
    assert handle.resolve("usb:v1") == answer("usb:v1")
    assert handle.resolve("a]") == answer("a]")


def test_nothing_changed(tree: Path) -> None:
    handle = resolver(tree)
    world = handle.world
    assert not handle.refresh()
    assert handle.world is world


def test_a_blacklist_is_about_aliases(tree: Path) -> None:
    handle = resolver(tree)
    (tree / "conf/b.conf").write_text("blacklist e1000e\n")
    assert handle.refresh()
    assert handle.resolve("pci:v8086").blacklisted == ("e1000e",)
    assert handle.resolve("e1000e").blacklisted == ()


def test_a_replaced_index(tree: Path) -> None:
    handle = resolver(tree)
    path = tree / "lib/modules/6.1/modules.alias.bin"
    before = path.stat()
    write(path, {"pci:v*": "e1000f", "snd_card_*": "snd_x"})
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the same size and time: another inode
    assert handle.refresh()
    assert handle.resolve("pci:v8086").modules == ("e1000f",)


@pytest.mark.parametrize("change", ["edit", "remove", "link"])
def test_changed_configuration(tree: Path, change: str) -> None:
    handle = resolver(tree)
    path = tree / "conf/a.conf"
    if change == "edit":
        path.write_text("alias eth0 snd_x\n")
        os.utime(path, ns=(1, 1))
    elif change == "remove":
        path.unlink()
    else:
        (tree / "other").write_text("alias eth0 snd_x\n")
        path.unlink()
        path.symlink_to(tree / "other")
    assert handle.refresh()
    assert handle.resolve("eth0").modules == (() if change == "remove" else ("snd_x",))


def test_a_tree_that_goes_and_comes_back(tree: Path) -> None:
    handle = resolver(tree)
    directory = tree / "lib/modules/6.1"
    directory.rename(tree / "gone")
    assert handle.refresh()
    assert handle.resolve("snd-x").modules == ()
    (tree / "gone").rename(directory)
    assert handle.refresh()
    assert handle.resolve("snd-x").modules == ("snd_x",)
