"""depmod with its cache gives the same bytes as without, whatever happens to the tree; and whom the cache trusts."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from lkm.cli.depmod import main
from lkm.index.amend import amend
from lkm.index.cache import MAGIC, Column, dump, load
from lkm.system import depcache, modscan
from lkm.system.depcache import NAME, RACY_NS, read_cache
from tests.support.elfwriter import build_module

RELEASE = "6.1.0-x"

T = TypeVar("T")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of every module file that is read."""
    seen: list[str] = []
    scan = modscan._scan_one

    def note(path: str, crcs: bool, known: bytes | None) -> modscan.Outcome:
        seen.append(Path(path).name)
        return scan(path, crcs, known)

    monkeypatch.setattr(modscan, "_scan_one", note)
    return seen


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "lib/modules" / RELEASE
    (tree / "kernel").mkdir(parents=True)
    for name in "abc":
        write(tree / f"kernel/{name}.ko", random.Random(name))
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (tree / name).write_text("kernel/b.ko\n" if name == "modules.order" else "")
    return tree


def write(path: Path, draw: random.Random) -> None:
    number = int(path.stem[1:] or 0)  # each needs a lower one, so that there is no circle
    names = [f"s{i}" for i in range(8)]
    info = [("alias", f"x{draw.randrange(9)}-{draw.randrange(9)}") for _ in range(draw.randrange(3))]
    path.write_bytes(
        build_module(
            modinfo=[*info, ("softdep", f"pre: m{draw.randrange(9)}")],
            exports=[path.stem + "_x"] * draw.randrange(2),
            needs=[f"m{draw.randrange(max(1, number))}_x" if number else "printk", *draw.sample(names, 2)],
            weak=draw.sample(names, 1),
        )
    )


def settle(tree: Path) -> None:
    """Make all look as if it had been there for long."""
    for path in tree.rglob("*.ko*"):
        age(path)


def age(path: Path) -> None:
    at = path.stat().st_mtime_ns
    os.utime(path, ns=(at, at))


def depmod(tree: Path, *options: str) -> int:
    return main(["depmod", "-b", str(tree.parents[2]), *options, RELEASE])


def indexes(directory: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in directory.glob("modules.*") if p.name != NAME}


def test_what_did_not_change_is_not_read_again(
    tree: Path, scanned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depcache, "stamps_of", older(depcache.stamps_of))
    assert depmod(tree) == 0
    assert sorted(scanned) == ["a.ko", "b.ko", "c.ko"]
    before = {p.name: p.stat().st_mtime_ns for p in tree.glob("modules.*")}
    scanned.clear()
    assert depmod(tree) == 0
    assert scanned == []
    assert {p.name: p.stat().st_mtime_ns for p in tree.glob("modules.*")} == before
    write(tree / "kernel/d.ko", random.Random(5))
    (tree / "modules.dep").write_text("spoiled")
    want = fresh(tree)
    scanned.clear()
    assert depmod(tree) == 0
    assert scanned == ["d.ko"]
    assert indexes(tree) == want
    scanned.clear()
    assert depmod(tree, "--no-cache") == 0
    assert len(scanned) == 4


def older(stamps_of: Callable[[list[str], int], list[bytes]]) -> Callable[[list[str], int], list[bytes]]:
    """Return stamps_of for files that changed long ago."""
    return lambda paths, before_ns: stamps_of(paths, before_ns + 3600 * 10**9)


def fresh(tree: Path, *options: str) -> dict[str, bytes]:
    """Return what depmod writes without a cache."""
    out = tree.parents[2] / "fresh"
    assert depmod(tree, "--no-cache", "-o", str(out), *options) == 0
    found = indexes(out / "lib/modules" / RELEASE)
    shutil.rmtree(out)
    inputs = ("modules.order", "modules.builtin", "modules.builtin.modinfo")
    return {**found, **{name: (tree / name).read_bytes() for name in inputs}}


@pytest.fixture
def amended(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that gets, for every run that could, whether it made its files from the old ones."""
    seen: list[bool] = []
    monkeypatch.setattr("lkm.index.amend.amend", lambda *args: noted(seen, amend(*args)))
    return seen


def noted(seen: list[bool], result: T) -> T:
    seen.append(result is not None)
    return result


@pytest.mark.parametrize("seed", range(40))
def test_any_changes_give_the_bytes_of_a_full_run(
    seed: int, tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with_changes(seed, 6, tree, monkeypatch, capsys)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_changes_give_the_bytes_of_a_full_run(
    seed: int, tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with_changes(seed, 25, tree, monkeypatch, capsys)


def run_with_changes(
    seed: int, rounds: int, tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(seed)
    hashed = ["--hash"] if seed % 2 else []
    config = tree.parents[2] / "depmod.conf"
    config.write_text("")
    if not hashed:  # ctime tells every change here, so files may count as old
        monkeypatch.setattr(depcache, "stamps_of", older(depcache.stamps_of))
    for _ in range(rounds):
        for _ in range(draw.randrange(3)):
            change(tree, draw, same_looks=bool(hashed))
        if draw.random() < 0.2:
            config.write_text(
                draw.choice(["", "search extra built-in\n", "search kernel extra\n", "exclude extra\n"])
            )
        if draw.random() < 0.1 and (tree / NAME).exists():
            (tree / NAME).write_bytes(
                (tree / NAME).read_bytes()[: draw.randrange(900)] if draw.random() < 0.5 else b""
            )
        options = [*hashed, "-C", str(config)]
        want = fresh(tree, *options)
        told = capsys.readouterr().err
        assert depmod(tree, *options) == 0
        assert indexes(tree) == want
        assert capsys.readouterr().err == told


def test_a_few_changed_modules_are_worked_into_the_files_as_they_are(
    tree: Path, amended: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depcache, "stamps_of", older(depcache.stamps_of))
    assert depmod(tree) == 0
    draw = random.Random(1)
    inodes = {p.name: p.stat().st_ino for p in tree.glob("modules.*")}
    write(tree / "kernel/b.ko", draw)
    write(tree / "kernel/d.ko", draw)
    want = fresh(tree)
    assert depmod(tree) == 0
    assert amended == [True]
    assert indexes(tree) == want
    kept = {p.name for p in tree.glob("modules.*") if p.stat().st_ino == inodes[p.name]}
    assert "modules.builtin.bin" in kept
    assert "modules.dep" not in kept  # its time tells -A that no module is newer
    (tree / "modules.builtin").write_text("kernel/x.ko\n")
    want = fresh(tree)
    assert depmod(tree) == 0
    assert (indexes(tree), amended) == (want, [True])


def change(tree: Path, draw: random.Random, *, same_looks: bool) -> None:
    """Add, remove, rename, break or change a module, or one of the kernel's lists."""
    files = sorted(tree.glob("*/*.ko"))
    path = draw.choice(files) if files else tree / "kernel/m0.ko"
    kind = draw.choice(["add", "extra", "remove", "rename", "change", "change", "break", "list", "output", "same"])
    if kind == "add" or not files:
        write(tree / f"kernel/m{draw.randrange(9)}.ko", draw)
    elif kind == "extra":
        (tree / "extra").mkdir(exist_ok=True)
        write(tree / f"extra/m{draw.randrange(12)}.ko", draw)
    elif kind == "remove":
        path.unlink()
    elif kind == "rename":
        path.rename(path.with_name(f"m{draw.randrange(9)}.ko"))
    elif kind == "change":
        write(path, draw)
    elif kind == "break":
        path.write_bytes(path.read_bytes()[: draw.randrange(300)])
    elif kind == "list":
        text = "".join(f"kernel/{p.name}\n" for p in draw.sample(files, len(files) // 2))
        name = draw.choice(["modules.order", "modules.builtin", "modules.builtin.modinfo"])
        (tree / name).write_text("x.alias=y-*\0" * draw.randrange(3) if "modinfo" in name else text)
    elif kind == "output" and (tree / "modules.dep").exists():
        draw.choice([p for p in tree.glob("modules.*") if "order" not in p.name and "builtin" not in p.name]).unlink()
    elif same_looks:
        old = path.stat()
        path.write_bytes(path.read_bytes().replace(b"alias=x", b"alias=y"))
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def test_a_file_that_just_changed_is_not_trusted(tree: Path, scanned: list[str]) -> None:
    """In the first run all files are new; the clock of files may be too coarse to show the next change."""
    assert depmod(tree) == 0
    scanned.clear()
    assert depmod(tree) == 0
    assert len(scanned) == 3
    now = max(p.stat().st_ctime_ns for p in tree.rglob("*.ko"))
    assert depcache.stamps_of([str(tree / "kernel/a.ko")], now - RACY_NS) == [depcache.NO_STAMP]
    assert depcache.stamps_of([str(tree / "kernel/a.ko")], now + 10**9) != [depcache.NO_STAMP]
    assert depcache.stamps_of([str(tree / "gone.ko")], now + 10**9) == [depcache.NO_STAMP]


def test_a_cache_that_others_may_write_is_none(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert depmod(tree) == 0
    path = tree / NAME
    cache = load(path.read_bytes())
    assert cache
    context = cache.context
    assert read_cache(str(tree), context)
    assert read_cache(str(tree), context + b"x") is None
    for mode in (0o664, 0o646):
        path.chmod(mode)
        assert read_cache(str(tree), context) is None
    path.chmod(0o644)
    path.rename(tree / "elsewhere")
    path.symlink_to("elsewhere")
    assert read_cache(str(tree), context) is None
    (tree / "elsewhere").replace(path)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
        assert read_cache(str(tree), context) is None


def spoiled(data: bytes, draw: random.Random) -> Iterator[bytes]:
    """Yield caches that are damaged, cut, too long, of another version, or nothing of ours."""
    for at in sorted({*range(14, 22), *draw.sample(range(len(data)), 16), len(data) - 1}):
        yield data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :]
        yield data[:at]
    yield data + b"\0"
    yield MAGIC.replace(b"2", b"1") + data[16:]
    yield b"".join(dump(load(data)._replace(context=b"0.0\0\0")))  # type: ignore[union-attr]
    yield b"\x7fELF" + data


def test_whatever_the_cache_holds_the_files_are_those_of_a_full_run(
    tree: Path, scanned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depcache, "stamps_of", older(depcache.stamps_of))
    assert depmod(tree) == 0
    want = fresh(tree)
    good = (tree / NAME).read_bytes()
    for bad in spoiled(good, random.Random(7)):
        (tree / NAME).write_bytes(bad)
        (tree / "modules.dep").write_text("spoiled")
        scanned.clear()
        assert depmod(tree) == 0
        assert len(scanned) == 3
        assert indexes(tree) == want
        assert (tree / NAME).read_bytes() == good


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_cache_of_another_owner_is_replaced(
    tree: Path, scanned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it up: what it tells is not believed, even when all its sums are right."""
    monkeypatch.setattr(depcache, "stamps_of", older(depcache.stamps_of))
    assert depmod(tree) == 0
    want = fresh(tree)
    good = load((tree / NAME).read_bytes())
    assert good
    forged = good._replace(facts=(Column.of([b"alias=evil\0"] * 3), *good.facts[1:]), outputs=b"")
    (tree / NAME).write_bytes(b"".join(dump(forged)))
    os.chown(tree / NAME, 12345, 12345)
    scanned.clear()
    assert depmod(tree) == 0
    assert len(scanned) == 3
    assert indexes(tree) == want
    assert (tree / NAME).stat().st_uid == 0
    (tree / NAME).write_bytes(b"".join(dump(forged)))
    (tree / "modules.dep").write_text("spoiled")
    assert depmod(tree) == 0
    assert b"evil" in (tree / "modules.alias").read_bytes()  # so the owner is what saved us
