from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.depmod import main as depmod
from lkm.cli.explain import main
from lkm.modfile.nouns import Export
from tests.support import schema
from tests.support.elfwriter import build_module
from tests.support.kernelwriter import build_kernel
from tests.support.sick import HEALTHY, VERMAGIC

GOLDEN = Path(__file__).parents[2] / "golden/explain"
RELEASE = "6.1.0-9-amd64"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Explain in a directory with a tree of two modules, fat and msdos, and a kernel image."""
    tree = tmp_path / "lib/modules" / RELEASE
    tree.mkdir(parents=True)
    info = [*HEALTHY[:2]]
    (tree / "fat.ko").write_bytes(build_module("fat", modinfo=info, exports=["fat_scan"], needs=["_printk"]))
    (tree / "msdos.ko").write_bytes(
        build_module("msdos", modinfo=[*info, ("parmtype", "debug:int")], needs=["fat_scan"])
    )
    assert depmod(["depmod", "-b", str(tmp_path), RELEASE]) == 0
    (tmp_path / "vmlinux").write_bytes(build_kernel([Export("_printk", crc=1)]))
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()

    def call(*words: str, says: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(says.encode())))
        status = main(["explain", *words])
        out, err = capfd.readouterr()
        return status, out.replace(str(tmp_path), ""), err.replace(str(tmp_path), "")

    return call


def here(*words: str) -> tuple[str, ...]:
    return ("-d", os.getcwd(), "-S", RELEASE, *words)


LOG = f"""\
<4>[ 1.0] other: Unknown symbol fat_scn (err -2)
<3>[ 1.1] old: version magic 'x' should be '{VERMAGIC}'
<3>[ 2.0] Module pcspkr is blacklisted
usb 1-1: new device
<3>[ 3.0] spaced: module uses symbol (f) from namespace NS, but does not import it.
"""
CASES: dict[str, tuple[bytes | None, tuple[str, ...], str]] = {
    "text": (b"hello, world\n", ("mod.ko",), ""),
    "page": (b"<!DOCTYPE html>\n<title>404</title>", ("mod.ko", "--errno", "8"), ""),
    "cut": (build_module("mod")[:300], ("mod.ko", "--errno", "ENOEXEC"), ""),
    "machine": (build_module("mod", machine=183, modinfo=HEALTHY), ("--image", "vmlinux", "mod.ko"), ""),
    "vermagic": (build_module("mod", modinfo=HEALTHY), ("--image", "vmlinux", "mod.ko"), ""),
    "needs": (
        None,
        ("lib/modules/" + RELEASE + "/msdos.ko", "debgu=1", "--errno", "ENOENT", "--log", "-"),
        "[    7.5] msdos: Unknown symbol fat_scan (err -2)\n",
    ),
    "log": (
        None,
        ("--log", "-"),
        LOG,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_told(name: str, run: Run) -> None:
    data, words, log = CASES[name]
    if data is not None:
        Path("mod.ko").write_bytes(data)
    status, out, err = run(*here(*words), says=log)
    assert (status, err) == (0, "")
    assert out == (GOLDEN / f"{name}.txt").read_text()


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


def test_a_module_that_is_named_comes_after_what_it_needs(run: Run) -> None:
    status, out, _ = run(*here("msdos"))
    assert status == 1
    assert out == f"/lib/modules/{RELEASE}/msdos.ko: nothing is found that would keep it out\n"


def test_json(run: Run) -> None:
    Path("mod.ko").write_bytes(b"#!/bin/sh\n")
    status, out, _ = run(*here("--json", "mod.ko"))
    answer = schema.check(out)
    assert (status, answer["schema"], answer["tool"]) == (0, "lkm/1", "explain")
    (module,) = answer["modules"]
    assert [finding["code"] for finding in module["findings"]] == ["not-elf"]
    assert module["findings"][0]["errno"] == "ENOEXEC"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name a module file or a module, or give a log"),
        (("nosuch",), "there is no file nosuch, and no module of that name in"),
        (("./nosuch.ko",), "./nosuch.ko: No such file or directory"),
        (("msdos", "--errno", "ENOSUCH"), "'ENOSUCH' is no error number"),
        (("msdos", "--errno", "99999"), "'99999' is no error number"),
        (("--image", "nosuch", "msdos"), "nosuch: No such file or directory"),
        (("--log", "nosuch"), "nosuch: No such file or directory"),
    ],
)
def test_what_makes_no_sense(words: tuple[str, ...], says: str, run: Run) -> None:
    status, out, err = run(*here(*words))
    assert (status, out) == (2, "")
    assert says in err


def test_a_log_without_refusals(run: Run) -> None:
    assert run(*here("--log", "-"), says="hello\n") == (1, "no refused module is in this log\n", "")
