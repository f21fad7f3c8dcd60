"""Refusals and log lines, as a real Linux 6.1 gave them."""

from __future__ import annotations

import re
from errno import EINVAL, ENOEXEC, ENOTSUP, EPERM
from pathlib import Path

import pytest

from lkm.kernel.interface import Done, Refused
from lkm.kernel.sim.admission import CHECKS
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from tests.support.elfwriter import build_module

MAGIC = "6.1.176 mod_unload "
GOOD = [("license", "GPL"), ("intree", "Y"), ("vermagic", MAGIC), ("parmtype", "pint:int")]


def good(**changes: str) -> bytes:
    return build_module("msdos", modinfo=list({**dict(GOOD), **changes}.items()))


def load(place: Path, image: bytes, text: str = "", flags: int = 0, **meta: str) -> tuple[int, list[str]]:
    facts = {"release": "6.1.176", "vermagic": MAGIC, "force_load": "1", **meta}
    World.create(str(place / "w"), facts).close()
    (place / "msdos.ko").write_bytes(image)
    outcome = SimulatedKernel(str(place / "w")).load(str(place / "msdos.ko"), text, flags)
    assert isinstance(outcome, Done | Refused)
    said = [f"<{record.level}>{record.text}" for record in outcome.log]
    return (outcome.errno if isinstance(outcome, Refused) else 0), said


@pytest.mark.parametrize(
    ("image", "number", "line"),
    [
        (b"", EINVAL, ""),
        (b"\x7fEL", ENOEXEC, "<3>Invalid ELF header len 3"),
        (b"#" * 100, ENOEXEC, "<3>Invalid ELF header magic: != \x7fELF"),
        (good()[:18] + b"\xb7\0" + good()[20:], ENOEXEC, "<3>Invalid architecture in ELF header: 183"),
        (good()[:16] + b"\3\0" + good()[18:], ENOEXEC, "<3>Invalid ELF header type: 3 != 1"),
        (good()[:58] + b"\0\0" + good()[60:], ENOEXEC, "<3>Invalid ELF section header size"),
        (good()[:-64], ENOEXEC, "<3>Invalid ELF section header overflow"),
        (
            good(vermagic="6.2.176 mod_unload "),
            *(ENOEXEC, "<3>msdos: version magic '6.2.176 mod_unload ' should be '6.1.176 mod_unload '"),
        ),
        (good(), 0, ""),
    ],
)
def test_files(tmp_path: Path, image: bytes, number: int, line: str) -> None:
    assert load(tmp_path, image) == (number, [line] if line else [])


def test_the_license_taints_once_and_locks_go(tmp_path: Path) -> None:
    said = ["<4>msdos: module license 'XXX' taints kernel.", "<4>Disabling lock debugging due to kernel taint"]
    assert load(tmp_path, good(license="XXX")) == (0, said)


def test_vermagic_ignored_taints(tmp_path: Path) -> None:
    said = ["<4>msdos: bad vermagic: kernel tainted.", "<4>Disabling lock debugging due to kernel taint"]
    assert load(tmp_path, good(), flags=2) == (0, said)


def test_parameters(tmp_path: Path) -> None:
    said = ["<4>msdos: unknown parameter 'nosuch' ignored", "<3>msdos: `abc' invalid for parameter `pint'"]
    assert load(tmp_path, good(), "nosuch=1 pint=abc") == (EINVAL, said)


def test_flags(tmp_path: Path) -> None:
    assert load(tmp_path, good(), flags=0x80) == (EINVAL, [])


def test_compressed_flag(tmp_path: Path) -> None:
    assert load(tmp_path, good(), flags=4) == (ENOTSUP, [])


def test_blacklist(tmp_path: Path) -> None:
    assert load(tmp_path, good(), blacklist="fat,msdos") == (EPERM, ["<3>Module msdos is blacklisted"])


def test_the_documents_table_has_every_check_in_its_order() -> None:
    text = (Path(__file__).parents[4] / "docs/simulated-kernel.md").read_text()
    table = text[text.index("| check (") : text.index("Then its init runs")]
    names = [check.__name__ for check in CHECKS]
    first = " ".join([line.split("|")[1] for line in table.splitlines() if line])
    assert re.findall(r"`(?:linking\.)?(\w+)`", first) == names
