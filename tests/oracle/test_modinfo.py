"""modinfo against kmod's.

With ``-0`` kmod writes some records as for people; ``kmod`` here mends that (test_defects_tools.py shows it).
Known differences to kmod 30, where ours equals 34: it pads after long keys too, and has another errno for a file
without ``.modinfo``.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkm.cli.modinfo import main
from tests.support.elfwriter import Export, build_module
from tests.support.kmod import kmod_version
from tests.support.signatures import pkcs7, signed, trailer
from tests.support.trees import copy_tree, debian_modules, uml_modules

pytestmark = pytest.mark.oracle

BATCH = 500  # files a call


def kmod(*words: str, cwd: Path | None = None) -> tuple[int, bytes, bytes]:
    done = subprocess.run(["modinfo", *words], capture_output=True, cwd=cwd, check=False)
    out = done.stdout
    if words[0] == "-0":  # not with -F, which prints values alone
        out = re.sub(rb"(^|\0)(filename|name|parm): +", rb"\1\2=", out)
    return done.returncode, out, done.stderr


class Ours:
    """Runs our modinfo in this process, with its standard streams caught as bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, *words: str) -> tuple[int, bytes, bytes]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape") for _ in range(2))
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            status = main(["modinfo", *words])
        out.flush()
        err.flush()
        return status, out.buffer.getvalue(), err.buffer.getvalue()


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Ours:
    return Ours(monkeypatch)


def module_files(tree: str) -> Iterator[list[str]]:
    root, release = uml_modules() if tree == "uml" else debian_modules()
    files = sorted(str(path) for path in (root / "lib/modules" / release).rglob("*.ko"))
    assert len(files) > (800 if tree == "uml" else 3500)
    for at in range(0, len(files), BATCH):
        yield files[at : at + BATCH]


@pytest.mark.parametrize("options", [[], ["-0"], ["-p"], ["-0F", "alias"], ["-F", "signature"], ["-n"]], ids=" ".join)
@pytest.mark.parametrize("tree", ["uml", "debian"])
def test_every_module(ours: Ours, tree: str, options: list[str]) -> None:
    for files in module_files(tree):
        assert ours(*options, *files) == kmod(*options, *files)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return root and release of a copy of the UML tree that kmod's depmod indexed."""
    root, release = uml_modules()
    copy = copy_tree(root, release, tmp_path_factory.mktemp("indexed"))
    subprocess.run(["/sbin/depmod", "-b", str(copy), release], check=True)
    return str(copy), release


def options_first(words: list[str], place: list[str]) -> list[str]:
    return [*words[:1], *place, *words[1:]] if words[0].startswith("-") else [*place, *words]


def test_every_name(ours: Ours, indexed: tuple[str, str]) -> None:
    root, release = indexed
    directory = Path(root, "lib/modules", release)
    names = [line.split(":")[0] for line in (directory / "modules.dep").read_text().splitlines()]
    names += (directory / "modules.builtin").read_text().split()
    names = [Path(name).name.removesuffix(".ko") for name in names]
    assert len(names) > 900
    place = ["-b", root, "-k", release]
    for words in (names, [name.replace("_", "-") for name in names], ["-n", *names], ["-0", *names], ["-m", *names]):
        assert ours(*options_first(words, place)) == kmod(*options_first(words, place))


ALIASES = [
    "fs-vfat",
    "fs-ext4",
    "symbol:fat_attach",
    "symbol:nosuch",
    "nosuch",
    "crc32c",
    "a]b",
    "a[b",
    "",
    "loop.ko",
]
ALIASES += ["char-major-10-130", "net-pf-10", "pci:v*", "a.b", "/x", "-", "crypto-sha1", "nls_iso8859-1", "tcp_cubic"]


@pytest.mark.parametrize("option", ["", "-n", "-m", "-p", "-Fname"])
def test_every_sort_of_alias(ours: Ours, indexed: tuple[str, str], option: str) -> None:
    root, release = indexed
    for alias in ALIASES:
        words = ["-b", root, "-k", release, *([option] if option else []), "--", alias]
        status, out, err = ours(*words)
        expected = kmod(*words)
        # we may say more about why
        assert (status, out, err.splitlines()[:1]) == (*expected[:2], expected[2].splitlines()[:1]), alias


ODD = {
    "parameters": build_module(
        modinfo=[
            ("author", "me"),
            ("parm", "a:A"),
            ("parmtype", "b:bool"),
            ("parmtype", "a:int"),
            ("parm", "c:C:more (x)"),
            ("parmtype", "d:array of int"),
            ("parm", "b:second"),
            ("parm", "bad"),
            ("parmtype", "zz"),
            ("parm", ":no name"),
            ("parmtype", "e:"),
            ("parm", "f:"),
            ("parm", "a:again"),
            ("parmtype", "a:uint"),
            ("verylongkeynamehere12", "x"),
            ("exactly15chars_", "y"),
            ("description", "multi\nline"),
        ]
    ),
    "padding": build_module(sections={".modinfo": b"\0\0novalue\0\0\0license=GPL\0=empty\0x=\0end=abc"}),
    "empty-modinfo": build_module(sections={".modinfo": b""}),
    "bytes": build_module(sections={".modinfo": b"author=J\xf6rg\0"}),
    "stripped": build_module(symtab=False, exports=[Export("f", crc=1)]),
    "signed": signed(build_module()),
    "serial": signed(build_module(), pkcs7(serial=b"\x00" + b"\xff" * 20)),
    "signature-of-20": signed(build_module(), pkcs7(signature=bytes(20))),
    "signature-of-40": signed(build_module(), pkcs7(signature=bytes(range(40)))),
    "bad-signature": signed(build_module(), b"garbage"),
    "x509": build_module(tail=b"Name" + b"KEY" + b"SIG" + trailer(1, 3, digest=4, name=4, key=3)),
    "text": b"hello",
    "longer-text": b"hello world, this is more than the sixty-four bytes that an ELF header would take " * 2,
    "nothing": b"",
    "cut": build_module()[:-40],
    "other": build_module().replace(b".modinfo\0", b".m0dinfo\0"),
} | {
    f"{bits}{'le' if order == '<' else 'be'}": build_module(bits=bits, order=order)
    for bits in (32, 64)
    for order in "<>"
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_files(ours: Ours, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.ko"
    path.write_bytes(ODD[name])
    for options in ([], ["-0"], ["-p"], ["-F", "signature"], ["-n"], ["-F", "novalue"]):
        status, out, err = ours(*options, str(path))
        expected_status, expected_out, expected_err = kmod(*options, str(path))
        if kmod_version() < 34:
            expected_out = expected_out.replace(b"here12:      x", b"here12:x")
            if name == "other":
                expected_err = expected_err.replace(b"No such file or directory", b"No data available")
        assert (status, out) == (expected_status, expected_out)
        # ours adds the reason, indented
        said = [line for line in err.splitlines() if not line.startswith(b"  ")]
        assert said == expected_err.splitlines()


@pytest.mark.parametrize("kind", ["xz", "zst"])
def test_compressed_modules(ours: Ours, tmp_path: Path, kind: str) -> None:
    root, release = uml_modules()
    copy = copy_tree(root, release, tmp_path, compress=kind)
    files = sorted(str(path) for path in copy.rglob(f"*.ko.{kind}"))[::10]
    assert len(files) > 80
    assert ours(*files) == kmod(*files)


def test_relative_paths(ours: Ours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a-b.ko").write_bytes(build_module())
    monkeypatch.chdir(tmp_path)
    for path in ("a-b.ko", "./a-b.ko", os.path.join("..", tmp_path.name, "a-b.ko"), "b.ko"):
        assert ours(path)[:2] == kmod(path, cwd=tmp_path)[:2]
