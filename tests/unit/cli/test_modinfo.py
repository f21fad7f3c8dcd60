from __future__ import annotations

import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.modinfo import main
from tests.support.elfwriter import build_module
from tests.support.signatures import signed

SRC = str(Path(__file__).parents[3] / "src")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["modinfo", *words])
        out, err = capfdbinary.readouterr()
        return status, out.decode("utf-8", "surrogateescape"), err.decode()

    return call


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "my-mod.ko"
    path.write_bytes(build_module("my_mod", modinfo=[("license", "GPL"), ("parm", "a:A"), ("parmtype", "a:int")]))
    return path


def test_a_file(run: Run, module: Path) -> None:
    text = f"filename:       {module}\nlicense:        GPL\nparm:           a:A (int)\n"
    assert run(str(module)) == (0, text, "")


def test_every_record_with_zero_bytes_is_key_and_value(run: Run, module: Path) -> None:
    assert run("-0", str(module)) == (0, f"filename={module}\0license=GPL\0parm=a:A (int)\0", "")
    assert run("-0", "-F", "FileName", str(module)) == (0, f"{module}\0", "")


def test_a_relative_path_is_shown_whole(run: Run, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(module.parent)
    assert run("-n", "./my-mod.ko") == (0, f"{module.parent}/./my-mod.ko\n", "")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["-l"], "GPL\n"),
        (["-a"], ""),
        (["-p"], "a:A (int)\n"),
        (["-a", "-F", "license"], "GPL\n"),
        (["--field=license", "--null"], "GPL\0"),
        (["-F", "parmtype"], "a:int\n"),
        (["-F", "License"], "GPL\n"),
        (["-F", "PARM"], "a:A (int)\n"),
    ],
)
def test_one_field(run: Run, module: Path, words: list[str], out: str) -> None:
    assert run(*words, str(module)) == (0, out, "")


@pytest.mark.parametrize("ending", ["xz", "ko"])
def test_compressed_files_are_known_by_their_contents(run: Run, module: Path, ending: str) -> None:
    path = module.with_name("z.ko.xz" if ending == "xz" else "z.ko")
    path.write_bytes(lzma.compress(module.read_bytes()))
    assert run("-l", str(path)) == (0, "GPL\n", "")


def test_a_signature_adds_records_and_a_broken_one_none(run: Run, module: Path) -> None:
    plain = module.read_bytes()
    module.write_bytes(signed(plain))
    assert run("-F", "signer", str(module)) == (0, "Somebody's key\n", "")
    module.write_bytes(signed(plain, b"garbage"))
    assert run("-F", "signer", str(module)) == (0, "", "")
    assert run("-l", str(module)) == (0, "GPL\n", "")


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"text that is no module", "Exec format error", "not an ELF file: it starts with 74 65 78 74"),
        (b"", "Invalid argument", "a file of 0 bytes is no module"),
        (build_module()[:300], "Invalid argument", "do not fit: the file ends at byte 300"),
        (
            build_module().replace(b".modinfo\0", b".m0dinfo\0"),
            "No data available",
            "there is no section .modinfo",
        ),
        (lzma.compress(build_module())[:-20], "Invalid argument", "xz data that end early"),
    ],
)
def test_what_is_no_module(run: Run, tmp_path: Path, data: bytes, reason: str, detail: str) -> None:
    path = tmp_path / "x-y.ko"
    path.write_bytes(data)
    status, out, err = run(str(path))
    assert (status, out) == (1, f"filename:       {path}\n")
    first, second = err.splitlines()[:2]
    assert first == f"modinfo: ERROR: could not get modinfo from 'x_y': {reason}"
    assert detail in second


def test_parameters_without_colon_are_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.ko"
    path.write_bytes(build_module(modinfo=[("parm", "bad")]))
    assert run("-p", str(path)) == (0, "", "modinfo: ERROR: Found invalid \"parm=bad\": missing ':'\n")


def test_arguments(run: Run, module: Path) -> None:
    assert run() == (1, "", "modinfo: ERROR: missing module or filename.\n")
    assert run("-F")[0] == run("--nonsense")[0] == 1
    assert run("--help")[1].startswith("usage: modinfo [options]")


def test_one_that_fails_does_not_stop_the_others(run: Run, module: Path, tmp_path: Path) -> None:
    status, out, err = run("-l", str(module), str(tmp_path / "none.ko"), str(module), "-b", str(tmp_path), "-k", "1")
    assert (status, out) == (1, "GPL\nGPL\n")
    assert err.splitlines()[0] == f"modinfo: ERROR: Module {tmp_path}/none.ko not found."


def test_a_directory_or_a_file_of_another_name_is_no_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dir.ko").mkdir()
    (tmp_path / "plain").write_bytes(build_module())
    for name in ("dir.ko", "plain"):
        status, out, err = run("-b", str(tmp_path), "-k", "1", str(tmp_path / name))
        assert (status, out) == (1, "")
        assert "not found.\n  " in err


def test_a_byte_that_is_not_utf_8_comes_out_as_it_is(run: Run, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xf6.ko")
    path.write_bytes(build_module(sections={".modinfo": b"author=\xf6\0"}))
    assert os.fsencode(run(str(path))[1]).count(b"\xf6") == 2


def test_start_up_imports_only_what_is_needed(module: Path) -> None:
    code = (
        "import sys; from lkm.cli.modinfo import main; main(['modinfo', sys.argv[1]]);"
        "slow = 'typing re dataclasses enum argparse collections functools subprocess pathlib lzma zlib ctypes';"
        "slow += ' lkm.modfile.facts lkm.modfile.scan lkm.kernel.linux lkm.index.lookup lkm.formats.compression';"
        "sys.exit(' '.join(sorted(set(slow.split()) & set(sys.modules))) or 0)"
    )
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {SRC!r}); {code}", str(module)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_field_without_a_name_is_no_field(run: Run, module: Path) -> None:
    assert run("-F", "", str(module)) == (0, "", "")
