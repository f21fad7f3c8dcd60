"""On a real kernel's image and real modules: User-Mode Linux's, and Debian's for signatures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.check import main
from lkm.cli.depmod import main as depmod
from lkm.lab.packages import fetch
from tests.support import schema
from tests.support.foreign import foreign_modules
from tests.support.trees import copy, debian_kernel, debian_modules, uml_modules

UML = "/usr/bin/linux.uml"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        root, _ = uml_modules()
        status = main(["check", "--image", UML, "-d", str(root), *words])
        out, err = capfd.readouterr()
        return status, out.replace(str(root), ""), err.replace(str(root), "")

    return call


def module(name: str) -> bytes:
    root, release = uml_modules()
    (path,) = (root / "lib/modules" / release).rglob(f"{name}.ko")
    return path.read_bytes()


def test_modules_that_load(run: Run) -> None:
    _, release = uml_modules()
    assert run("msdos", "loop") == (
        0,
        f"msdos: would load after fat\nloop: would load\n2 modules for {release}: 2 would load, 0 would be refused\n",
        "",
    )


def test_a_parameter(run: Run) -> None:
    status, out, _ = run("dummy", "numdummies=abc")
    assert status == 1
    assert "parameter numdummies (of type int) was given 'abc', which is not a whole number (" in out
    status, out, _ = run("dummy", "numdummis=1")
    assert status == 0
    assert "it has no parameter 'numdummis'; did you mean 'numdummies'? [unknown-parameter]" in out


def test_a_file_from_elsewhere_and_what_it_needs(run: Run, tmp_path: Path) -> None:
    sick = tmp_path / "sick.ko"
    sick.write_bytes(module("msdos").replace(b"fat_scan", b"fat_scam"))
    status, out, _ = run(str(sick))
    assert status == 1
    assert out.startswith(f"msdos: would be refused (ENOENT) after fat: {sick}\n")
    assert "nobody provides a symbol that it needs: fat_scam [missing-symbol]" in out
    sick.write_bytes(module("msdos"))
    assert run(str(sick))[0] == 0


def test_policy(run: Run) -> None:
    status, out, _ = run("--policy", "module_blacklist=fat", "msdos", "fat")
    assert status == 1
    assert "it needs fat, which is refused [refused-need]" in out
    assert "module_blacklist= on the kernel's command line forbids it [kernel-blacklist]" in out
    assert "missing-symbol" not in out
    status, out, _ = run("--policy", "modules_disabled", "fat")
    assert (status, "[modules-disabled]" in out) == (1, True)


def test_json_and_sarif(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.ko").write_bytes(b"text\n")
    status, out, _ = run("--json", "fat", str(tmp_path / "x.ko"))
    answer = schema.check(out)
    assert (status, answer["schema"], [m["verdict"] for m in answer["modules"]]) == (1, "lkm/1", ["loads", "refused"])
    assert (answer["modules"][1]["errno"], answer["modules"][1]["findings"][0]["code"]) == ("ENOEXEC", "not-elf")
    status, out, _ = run("--sarif", "fat", str(tmp_path / "x.ko"))
    (result,) = json.loads(out)["runs"][0]["results"]
    assert (status, result["ruleId"], result["level"]) == (1, "not-elf", "error")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name modules or files, or give --all, not both"),
        (("--all", "fat"), "name modules or files, or give --all, not both"),
        (("nosuch",), "there is no module nosuch"),
        (("./nosuch.ko",), "./nosuch.ko: No such file or directory"),
        (("a=b",), "'a=b' is a parameter, and no module is named before it"),
        (("--policy", "x", "fat"), "unknown policy 'x'"),
        (("--image", "/nosuch", "fat"), "/nosuch: No such file or directory"),
        (("-d", "/nosuch", "--image", UML, "--all"), "no module directory for kernel"),
    ],
)
def test_what_cannot_be_told(words: tuple[str, ...], says: str, run: Run) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert says in err


def test_firmware_that_is_missing(tmp_path: Path, run: Run) -> None:
    root, release = uml_modules()
    asking = next(p for p in sorted((root / "lib/modules").rglob("*.ko")) if b"\0firmware=" in p.read_bytes())
    copy(root / "lib/modules" / release, tmp_path / "lib/modules" / release)
    (tmp_path / "lib/firmware").mkdir()
    status, out, _ = run("-d", str(tmp_path), asking.stem)
    assert (status, "[likely, no-firmware]" in out) == (0, True)


def debian(root: Path, *words: str) -> int:
    (image,) = (debian_kernel() / "boot").glob("vmlinuz-*")
    return main(["check", "--image", str(image), "-d", str(root), *words])


def test_a_flipped_byte_in_a_signed_module(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root, release = debian_modules()
    (path,) = (root / "lib/modules" / release).rglob("fat.ko")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "fat.ko").write_bytes(data)
    assert debian(root, str(tmp_path / "fat.ko"), str(path)) == 1
    out = capfd.readouterr().out
    assert "it was changed after it was signed [bad-signature]" in out
    assert "2 modules for" in out


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_all_of_debians_modules(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root, release = debian_modules()
    assert debian(indexed(root, release, tmp_path), "--all") == 0
    assert "0 would be refused" in capfd.readouterr().out


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_all_of_uml(run: Run) -> None:
    status, out, _ = run("--all")
    assert (status, out.count("\n")) == (0, 1)


def indexed(root: Path, release: str, place: Path) -> Path:
    copy(root / "lib/modules" / release, place / "lib/modules" / release)
    assert depmod(["depmod", "-b", str(place), release]) == 0
    return place


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_all_of_debians_modules_against_another_kernel(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The real-time kernel of the same version: another vermagic, other CRCs."""
    root, release = debian_modules()
    (image,) = (fetch("linux-image-rt-amd64") / "boot").glob("vmlinuz-*")
    place = indexed(root, release, tmp_path)
    assert main(["check", "--image", str(image), "-d", str(place), "-S", release, "--all"]) == 1
    out = capfd.readouterr().out
    assert re.search(r"^4\d{3} modules would be refused \(ENOEXEC\) \[crc-mismatch\]: ", out, re.MULTILINE)
    assert re.search(r"^4\d{3} modules for .*: 0 would load, 4\d{3} would be refused\n", out, re.MULTILINE)
    assert main(["check", "--image", str(image), "-d", str(place), "-S", release, "fat"]) == 1
    out = capfd.readouterr().out
    assert "[crc-mismatch]" in out
    assert "it was built with preempt; this kernel was not; this kernel was built with preempt_rt; it was not" in out


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_another_machines_tree_with_its_image(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root, release = foreign_modules("arm64")
    place = indexed(root, release, tmp_path)
    image = root / f"boot/vmlinuz-{release}"
    assert main(["check", "--image", str(image), "-d", str(place), "--all"]) == 0
    assert "0 would be refused" in capfd.readouterr().out
    ours, mine = debian_modules()
    (fat,) = (ours / "lib/modules" / mine).rglob("fat.ko")
    assert main(["check", "--image", str(image), "-d", str(place), str(fat)]) == 1
    assert "[other-machine]" in capfd.readouterr().out
