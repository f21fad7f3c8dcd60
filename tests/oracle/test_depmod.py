"""Every file that depmod writes is, byte for byte, what kmod's depmod writes.

Known differences to kmod 30: it has no modules.weakdep; it prints a circle more than once, from other modules, or
aborts while it looks for circles; it says by an errno what is wrong with a module; it reads some files later, which
shows in the order of its messages.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from lkm.cli.depmod import main
from tests.support.elfwriter import build_module
from tests.support.kmod import kmod_version, same_file
from tests.support.trees import copy_tree, debian_modules, uml_modules

pytestmark = pytest.mark.oracle

KMOD = "/sbin/depmod"
FILES = [
    "modules.alias",
    "modules.alias.bin",
    "modules.builtin.alias.bin",
    "modules.builtin.bin",
    "modules.dep",
    "modules.dep.bin",
    "modules.devname",
    "modules.softdep",
    "modules.symbols",
    "modules.symbols.bin",
    "modules.weakdep",
]
TREES = {"uml": uml_modules, "debian": debian_modules}


def run_ours(*args: str) -> tuple[int, bytes, str]:
    out, err = io.BytesIO(), io.StringIO()
    stdout = io.TextIOWrapper(out, errors="surrogateescape", write_through=True)
    with redirect_stdout(stdout), redirect_stderr(err):
        status = main(["depmod", *args])
    return status, out.getvalue(), err.getvalue()


def run_kmod(*args: str) -> tuple[int, bytes, str]:
    done = subprocess.run([KMOD, *args], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="surrogateescape")


def run_kmod_bounded(stderr: Path, *args: str) -> tuple[int, bytes, str]:
    """Run kmod with at most 100 kB in each file and 5 s of time: its report of circles may go on for ever."""
    with stderr.open("wb") as file:
        command = ["prlimit", "--fsize=100000", "--core=0", "--cpu=5", KMOD, *args]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=file, check=False, timeout=60)
    with stderr.open("rb") as file:
        return done.returncode, done.stdout, file.read(100_000).decode(errors="surrogateescape")


def files_of(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in FILES if (directory / name).exists()}


def different(ours: dict[str, bytes], theirs: dict[str, bytes]) -> list[str]:
    """Return the names of the files that are not kmod's, or that only one of the two wrote."""
    known = FILES if kmod_version() >= 33 else FILES[:-1]
    return [name for name in known if not same_file(name, ours.get(name), theirs.get(name))]


@pytest.mark.parametrize("compress", ["", "xz", "zst"])
@pytest.mark.parametrize("tree", ["uml", "debian"])
def test_a_whole_tree_gives_the_same_bytes(tree: str, compress: str, tmp_path: Path) -> None:
    source, release = TREES[tree]()
    root = copy_tree(source, release, tmp_path / "root", compress=compress)
    directory = root / "lib/modules" / release
    for name in FILES:
        (directory / name).unlink(missing_ok=True)
    assert run_kmod("-b", str(root), release) == (0, b"", "")
    want = files_of(directory)
    assert len(want) >= 10
    for name in want:
        (directory / name).unlink()
    assert run_ours("-b", str(root), release) == (0, b"", "")
    got = files_of(directory)
    assert different(got, want) == []
    assert sorted(got) == FILES
    assert (directory / "modules.weakdep").read_bytes().startswith(b"# Weak dependencies extracted")
    assert sorted(p.name for p in directory.iterdir() if p.name.endswith(".tmp")) == []


def test_unresolved_symbols_and_providers_are_told_alike(tmp_path: Path) -> None:
    source, release = uml_modules()
    missing = tmp_path / "System.map"
    missing.write_text("0000000060000000 r __ksymtab__printk\n0000000060000000 T kfree\n0 r __ksymtab_kfree\n")
    args = ("-n", "-e", "-F", str(missing), "-b", str(source), release)
    status, out, err = run_ours(*args)
    want_status, want_out, want_err = run_kmod(*args)
    if kmod_version() < 33:
        out = out.replace(b"# Weak dependencies extracted from modules themselves.\n", b"")
    assert (status, out) == (want_status, want_out)
    assert sorted(err.splitlines()) == sorted(want_err.splitlines())
    assert "needs unknown symbol" in err
    assert "symbol _printk\n" not in err
    assert (
        run_ours("-n", "-v", "-b", str(source), release)[1].splitlines()[:500]
        == (run_kmod("-n", "-v", "-b", str(source), release)[1].splitlines()[:500])
    )


@pytest.mark.parametrize("seed", range(300))
def test_a_drawn_world_gives_the_same_bytes(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    compare_world(seed, tmp_path)


@pytest.mark.sweep
def test_more_drawn_worlds_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    for seed in range(1000, 6000):
        compare_world(seed, tmp_path / str(seed))
        shutil.rmtree(tmp_path / str(seed))


def compare_world(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    directory = tmp_path / "lib/modules/6.1.0-x"
    draw_modules(draw, directory)
    draw_lists(draw, directory)
    conf = tmp_path / "depmod.d"
    conf.mkdir()
    for name in draw.sample(["a.conf", "b.conf", "c.conf", "d.notconf"], draw.randint(0, 3)):
        (conf / name).write_text("".join(draw_directive(draw, tmp_path) for _ in range(draw.randint(0, 4))))
    args = ["-b", str(tmp_path), "-C", str(conf), "6.1.0-x"]
    args += draw.choice([[], [], ["-w"], ["-v"], ["-P", "_"]])
    status, out, err = run_kmod_bounded(tmp_path / "stderr", *args)
    got_status, got_out, got_err = run_ours("-o", str(tmp_path / "out"), *args)
    want = files_of(directory)
    got = files_of(tmp_path / "out/lib/modules/6.1.0-x")
    if status < 0:  # kmod 30 aborts or crashes in its report of circles, or never ends it
        assert "Cycle detected" in got_err
        status, err = 1, got_err
    assert (got_status, got_out) == (status, out), err
    assert "\n".join(told(got_err)) == "\n".join(told(err))
    assert different(got, want) == []


def told(stderr: str) -> list[str]:
    """Return what is said, sorted, without circles (kmod names some several times), our hints and our seconds."""
    ours = ("  ", "depmod: INFO: ")
    return sorted(line for line in stderr.splitlines() if "Cycle detected" not in line and not line.startswith(ours))


NAMES = ["a", "b-c", "b_c", "d", "msdos", "x_y-z", "snd", "e1000e", "nls_utf8", "long_module-name"]
PLACES = [
    "kernel/fs",
    "kernel/net/x",
    "updates",
    "updates/q",
    "updatesx",
    "extra",
    "extra/w",
    "weird",
    "k/build",
    ".",
]
SYMBOLS = ["f", "g", "_h", "__x", "usb_register_driver", "crc32c", "symbol_with_a_long_name", "zz"]
ALIASES = [
    "pci:v00008086d*sv*", "pci:v00008086d00001533sv*", "usb:v*p*d[0-9]", "usb:v*p*d[0-9", "a]b", "fs-msdos", "fs-*",
    "fs_msdos", "dash-[a-b]-x", "", "with space", "of:N*T*Cfoo,bar", "of:N*T*Cfoo,barC*", "devname:null/x",
    "devname:fuse", "char-major-10-229", "block-major-7-*", "char-major-x-1", "char-major-1-2-3", "f?o", "f", "fo",
]  # fmt: skip


def draw_modules(draw: random.Random, directory: Path) -> None:
    # Needs mostly go one way, so that few worlds have circles.
    for _ in range(draw.randint(0, 14)):
        place = directory / draw.choice(PLACES)
        place.mkdir(parents=True, exist_ok=True)
        level = draw.randrange(len(SYMBOLS))
        lower = SYMBOLS[:level] if draw.random() < 0.95 else SYMBOLS
        info = [("license", "GPL")]
        info += [("alias", alias) for alias in draw.choices(ALIASES, k=draw.randint(0, 4))]
        info += [("softdep", draw.choice(["pre: a b", "post: x-y", "pre:"])) for _ in range(draw.randint(0, 2))]
        info += [("weakdep", draw.choice(["a b", "x-y", ""])) for _ in range(draw.randint(0, 1))]
        draw.shuffle(info)
        data = build_module(
            bits=draw.choice([32, 64]),
            order=draw.choice("<>"),
            modinfo=info,
            exports=SYMBOLS[level : level + draw.randint(0, 2)],
            needs=draw.sample(lower, draw.randint(0, len(lower))),
        )
        (place / f"{draw.choice(NAMES)}.ko").write_bytes(data)
    directory.mkdir(parents=True, exist_ok=True)


def draw_lists(draw: random.Random, directory: Path) -> None:
    """Write modules.order and the lists of built-in modules, or some of them."""
    present = [str(p.relative_to(directory)) for p in directory.rglob("*.ko")]
    order = [*draw.sample(present, draw.randint(0, len(present))), "kernel/gone.ko"]
    draw.shuffle(order)
    if draw.random() < 0.8:
        (directory / "modules.order").write_text("".join(f"{path}\n" for path in order))
    names = draw.sample(NAMES, 3)
    if draw.random() < 0.8:
        (directory / "modules.builtin").write_text("".join(f"kernel/{name}.ko\n" for name in names))
    if draw.random() < 0.8:
        records = [f"{name.replace('-', '_')}.alias={draw.choice(ALIASES)}" for name in draw.choices(names, k=4)]
        records.append(f"{names[0]}.license=GPL")
        (directory / "modules.builtin.modinfo").write_bytes("".join(f"{r}\0" for r in records).encode())


def draw_directive(draw: random.Random, root: Path) -> str:
    places = ["updates", "extra", "weird", "built-in", "external", "kernel", "extra/w"]
    return draw.choice(
        [
            f"search {' '.join(draw.sample(places, draw.randint(1, 4)))}\n",
            f"override {draw.choice(NAMES)} {draw.choice(['*', '6.1', '5.*'])} {draw.choice(places)}\n",
            f"exclude {draw.choice(['q', 'net', 'w'])}\n",
            f"external * {root}/ext\n",
            "# nothing\n\n",
        ]
    )


def test_the_oracle_is_kmod() -> None:
    assert run_kmod("-V")[1].startswith(b"kmod version ")
    assert os.access(KMOD, os.X_OK), "install Debian's package kmod"
    assert sys.platform == "linux"
