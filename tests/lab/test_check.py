"""`lkm check` with policies against real kernels that were booted with them, and on a kernel without an image."""

from __future__ import annotations

import errno
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm.cli.check import main
from lkm.cli.depmod import main as depmod
from tests.support import kernels
from tests.support.signing import Signer
from tests.support.trees import debian_kernel, debian_modules, uml_modules

pytestmark = pytest.mark.lab
DRIVER = Path(__file__).with_name("sick_guest.py")
ROOT = Path(__file__).parents[2]
MAGIC = b"~Module signature appended~\n"
#: (words for the kernel's command line, the same for lkm check --policy)
POLICIES = [
    ("", ""),
    ("module.sig_enforce=1", "sig_enforce"),
    ("lockdown=integrity", "lockdown=integrity"),
    ("lockdown=confidentiality module.sig_enforce", "lockdown=confidentiality,sig_enforce"),
    ("module_blacklist=dummy,msdos", "module_blacklist=dummy,msdos"),
]


def root_of(place: Path) -> Path:
    """Return a root with a few of Debian's modules and its image, indexed."""
    source, release = debian_modules()
    directory = place / "root/lib/modules" / release
    directory.mkdir(parents=True)
    for name in ("fat", "msdos", "dummy"):
        (path,) = (source / "lib/modules" / release).rglob(f"{name}.ko")
        (directory / path.name).write_bytes(path.read_bytes())
    (place / "root/boot").mkdir()
    image = place / f"root/boot/vmlinuz-{release}"
    image.symlink_to(debian_kernel() / f"boot/vmlinuz-{release}")
    assert depmod(["depmod", "-b", str(place / "root"), release]) == 0
    return place / "root"


def files_of(root: Path, place: Path) -> list[list[Any]]:
    """Write sick files; return rows as sick_guest.py has them: file, parameters, what it needs."""
    directory = root / "lib/modules" / debian_modules()[1]
    dummy, msdos = (directory / "dummy.ko").read_bytes(), (directory / "msdos.ko").read_bytes()
    size = int.from_bytes(dummy[-len(MAGIC) - 4 : -len(MAGIC)], "big") + 12 + len(MAGIC)
    unsigned = dummy[:-size]
    flipped = bytearray(dummy)
    flipped[len(unsigned) // 2] ^= 1
    made = {
        "good": dummy,
        "unsigned": unsigned,
        "flipped": bytes(flipped),
        "foreign": Signer("Somebody").sign(unsigned),
        "curve": Signer("Somebody", "ec").sign(unsigned),
        "twice": dummy + dummy[-size:],
        "trailer": dummy[: -len(MAGIC)],
        "text": b"#!/bin/sh\n" * 20,
    }
    rows: list[list[Any]] = []
    for name, data in made.items():
        (place / f"{name}.ko").write_bytes(data)
        rows.append([str(place / f"{name}.ko"), "", []])
    rows.append([str(place / "good.ko"), "numdummies=x", []])
    rows.append([str(place / "good.ko"), "nosuch=1", []])
    (place / "msdos.ko").write_bytes(msdos)
    rows.append([str(place / "msdos.ko"), "", [str(directory / "fat.ko")]])
    return rows


def test_each_policy_is_the_real_kernels(
    tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    root = root_of(tmp_path)
    rows = files_of(root, tmp_path)
    (tmp_path / "rows").write_text(json.dumps(rows))
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, str(DRIVER), str(tmp_path / "rows")]
    differences, count = [], 0
    operands = [word for path, parameters, _ in rows for word in (path, *parameters.split())]
    for append, policy in POLICIES:
        result = kernels.debian(*command, append=append)
        real = [json.loads(line)[0] for line in result.stdout.splitlines()]
        assert len(real) == len(rows), (append, result.stderr, result.log[-2000:])
        for words in {("--policy", policy), ("--cmdline", append)}:
            main(["check", "--json", *words, "-d", str(root), "-S", debian_modules()[1], *operands])
            answers = json.loads(capfd.readouterr().out)["modules"]
            for row, number, answer in zip(rows, real, answers, strict=True):
                count += 1
                if answer["errno"] != (errno.errorcode[number] if number else None):
                    differences.append(f"{words} {row}: {answer['errno']}, really {number}")
                elif number and not answer["findings"]:
                    differences.append(f"{words} {row}: {answer['errno']}, no cause")
    tell(f"{count} answers of lkm check under {len(POLICIES)} policies, {len(differences)} unlike Debian's kernel")
    assert differences == []


def test_modules_disabled(tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    root, release = uml_modules()
    (dummy,) = (root / "lib/modules" / release).rglob("dummy.ko")
    insmod = f"{shlex.quote(kernels.LKM)} insmod {dummy}"
    result = kernels.uml("sh", "-c", f"echo 1 > /proc/sys/kernel/modules_disabled; {insmod}")
    assert b"Operation not permitted" in result.stderr
    for words in (["--policy", "modules_disabled"], ["--cmdline", "sysctl.kernel.modules_disabled=1"]):
        assert main(["check", "--json", *words, "--image", "/usr/bin/linux.uml", str(dummy)]) == 1
        (answer,) = json.loads(capfd.readouterr().out)["modules"]
        assert (answer["errno"], answer["findings"][0]["code"]) == ("EPERM", "modules-disabled")


def test_what_a_running_kernel_tells_without_an_image(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Debian's /proc/kallsyms has all exports, with marks; User-Mode Linux's has none."""
    root, release = root_of(tmp_path), debian_modules()[1]
    (root / f"boot/vmlinuz-{release}").unlink()
    sick = tmp_path / "sick.ko"
    data = (root / "lib/modules" / release / "dummy.ko").read_bytes()
    sick.write_bytes(data.replace(b"\0register_netdevice\0", b"\0register_netdevicX\0"))
    words = [kernels.LKM, "check", "--json", "--system-map", "/proc/kallsyms", "-d", str(root), "-S", release]
    result = kernels.debian(*words, "msdos", str(sick))
    answer = json.loads(result.stdout)
    tell(f"known without an image: {[finding['what'] for finding in answer['modules'][0]['findings']]}")
    assert (answer["status"], [m["verdict"] for m in answer["modules"]]) == (1, ["unknown", "refused"])
    assert "exports" not in " ".join([finding["what"] for finding in answer["modules"][0]["findings"]])
    assert "register_netdevicX" in answer["modules"][1]["findings"][0]["what"]
    result = kernels.uml(*words, "msdos")
    assert (result.status, b"no exported symbol is in it" in result.stderr) == (2, True)
