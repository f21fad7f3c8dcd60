from __future__ import annotations

import pytest

from lkm.diagnose.evidence import SIGNATURES, UNSIGNED
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.report.info import UNKNOWN, About, More, Reason, Signed, about_object, about_text
from lkm.state.devices import Device

NIC = Device("pci", "0000:00:03.0", "pci:v00008086d0000100E", "e1000", "e1000", "/sys/devices/x")


def about(more: More, *info: tuple[str, str], state: str = "") -> About:
    return About(
        "m", ModuleName("m"), "", Origin("command line"), "/m.ko", False, None, state, None, info, (), (), (),
        (None, None), (None, None), (), (), "", more,
    )  # fmt: skip


def lines(more: More, *info: tuple[str, str], state: str = "") -> list[str]:
    return about_text(about(more, *info, state=state)).splitlines()


@pytest.mark.parametrize("state", [state for state in (*SIGNATURES, UNKNOWN) if state != UNSIGNED])
def test_each_state_of_a_signature_has_words(state: str) -> None:
    (line,) = [
        each for each in lines(More(1, signature=Signed(state, "Someone", "sha256", "/boot/x"))) if "Someone" in each
    ]
    assert line.startswith("  signature     ") and ("/boot/x" in line) == (state not in (UNKNOWN, "malformed"))


def test_unsigned_and_not_read() -> None:
    assert "  signature     none" in lines(More(1))
    assert not [line for line in lines(More()) if "signature" in line]


def test_reasons_in_words() -> None:
    origin = Origin("x.conf", 3)
    reasons = (
        *(Reason("holder", "vfat"), Reason("device", "pci/0"), Reason("softdep", "other", origin)),
        *(Reason("alias", "my-*", origin), Reason("asked", "net-pf-5"), Reason("asked", "odd")),
    )
    assert [line[16:] for line in lines(More(reasons=reasons)) if line.startswith("  because")] == [
        "vfat uses it",
        "device pci/0 has an id that it knows",
        "other wants it, too (x.conf:3)",
        "the configuration calls it my-*, too (x.conf:3)",
        "the kernel asks for it when a socket of protocol family 5 is made",
        "it is asked for as odd",
    ]
    boot = lines(More(reasons=(Reason("boot", "fs-x", origin),)))
    assert "  because       it is loaded at boot, as fs-x (x.conf:3)" in boot
    made = about_object(about(More(reasons=reasons)))["reasons"]
    assert isinstance(made, list) and made[2]["origin"] == {"file": "x.conf", "line": 3}


def test_what_it_is_built_for() -> None:
    magic = ("vermagic", "6.1.0-50-arm64 SMP mod_unload")
    assert "  built for     6.1.0-50-arm64" in lines(More(), magic)
    other = lines(More(machine="aarch64", other="6.1.0-50-amd64"), magic)
    assert "  built for     6.1.0-50-arm64 on aarch64, which is another kernel than 6.1.0-50-amd64" in other
    assert "  state         unknown, as it is another kernel's module" in other
    assert not [line for line in lines(More()) if "built for" in line]


def test_the_rest_of_many_firmware_files() -> None:
    info = [("firmware", f"{n}.bin") for n in range(9)]
    assert "                and 3 more (1 missing)" in lines(More(firmware_missing=("0.bin", "8.bin")), *info)
    assert "                and 3 more" in lines(More(firmware_missing=("0.bin",)), *info)


def test_hardware_firmware_and_dependents() -> None:
    info = [("alias", f"pci:v{n}*") for n in range(8)] + [("firmware", "a.bin"), ("firmware", "b.bin")]
    more = More(firmware_missing=("b.bin",), devices=(NIC,), dependents=tuple(f"d{n}" for n in range(14)))
    said = lines(more, *info)
    assert "  firmware      a.bin (there)" in said and "  firmware      b.bin (missing)" in said
    assert "  fits          pci/0000:00:03.0 (pci:v00008086d0000100E), driver e1000" in said
    assert "                and 2 more" in said
    assert "  firmware      a.bin" in lines(More(), ("firmware", "a.bin"))
    assert "  needed by     d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 d10 d11 and 2 more" in said
    assert "  fits          no device of this machine" in lines(More(), ("alias", "pci:v1*"))
    assert "  fits" not in "\n".join(lines(More(), ("alias", "pci:v1*"), state="unknown"))
