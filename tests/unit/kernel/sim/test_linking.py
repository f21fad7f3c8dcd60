"""What a module needs of others: refusals and log lines, as a real Linux 6.1 gives them."""

from __future__ import annotations

from errno import EBUSY, EINVAL, ENOENT, ENOEXEC
from pathlib import Path

import pytest

from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.modfile.nouns import Export as Offered
from tests.support.elfwriter import GLOBAL, RELA, Export, Writer, build_module

INFO = [("license", "GPL"), ("vermagic", "1 "), ("intree", "Y")]
KERNEL = (Offered("plain", crc=7), Offered("gpl", True, "", 8), Offered("spaced", False, "NS", 9))
CRCS = {"module_layout": 1, "plain": 7, "gpl": 8, "spaced": 9}
BOTH = {"modversions": "1", "force_load": "1"}


@pytest.fixture
def kernel(tmp_path: Path) -> SimulatedKernel:
    layout = Offered("module_layout", crc=1)
    World.create(str(tmp_path / "w"), {"vermagic": "1 "}, (layout, *KERNEL)).close()
    return SimulatedKernel(str(tmp_path / "w"))


def load(kernel: SimulatedKernel, image: bytes, flags: int = 0, **meta: str) -> tuple[int, list[str]]:
    for key, value in meta.items():
        kernel.world.set_meta(key, value)
    path = Path(kernel.world.path).with_name("x.ko")
    path.write_bytes(image)
    outcome = kernel.load(str(path), "", flags)
    return outcome.errno if isinstance(outcome, Refused) else 0, [record.text for record in outcome.log]


def needing(*names: str, **versions: int) -> bytes:
    return build_module("x", modinfo=INFO, needs=names, versions={**CRCS, **versions})


def test_versions(kernel: SimulatedKernel) -> None:
    wrong = needing("plain", plain=5)
    assert load(kernel, wrong, 0, **BOTH) == (
        EINVAL,
        ["x: disagrees about version of symbol plain", "x: Unknown symbol plain (err -22)"],
    )
    assert load(kernel, needing("nosuch", "plain", plain=5))[0] == EINVAL  # the last one's
    assert load(kernel, needing("plain", "nosuch", plain=5))[0] == ENOENT
    lacking = build_module("x", modinfo=INFO, needs=["plain"], versions={"module_layout": 1})
    assert load(kernel, lacking)[1][0] == "x: no symbol version for plain"
    assert load(kernel, needing(module_layout=2)) == (
        ENOEXEC,
        ["x: disagrees about version of symbol module_layout"],
    )
    assert load(kernel, build_module("x", modinfo=INFO, needs=["plain"]), force_load="0") == (ENOEXEC, [])
    assert load(kernel, wrong, 1, force_load="1") == (
        0,
        ["x: module_layout: kernel tainted.", "Disabling lock debugging due to kernel taint"],
    )


def test_exports_without_versions_taint(kernel: SimulatedKernel) -> None:
    image = build_module("x", modinfo=INFO, exports=["f"], versions=CRCS)
    assert load(kernel, image, 0, **BOTH)[1][:1] == ["x: no versions for exported symbols: kernel tainted."]


def test_namespaces(kernel: SimulatedKernel) -> None:
    said = "x: module uses symbol (spaced) from namespace NS, but does not import it."
    assert load(kernel, needing("spaced")) == (EINVAL, [said, "x: Unknown symbol spaced (err -22)"])
    image = build_module("x", modinfo=[*INFO, ("import_ns", "NS")], needs=["spaced"])
    assert load(kernel, image) == (0, [])


def test_a_proprietary_module_and_those_who_use_it(kernel: SimulatedKernel) -> None:
    closed = [("license", "Mine"), *INFO[1:]]
    image = build_module("closed", modinfo=closed, needs=["gpl"], exports=["f"])
    assert load(kernel, image)[0] == ENOENT
    assert load(kernel, build_module("closed", modinfo=closed, exports=["f"]))[0] == 0
    assert load(kernel, build_module("x", modinfo=INFO, needs=["gpl", "f"])) == (
        ENOENT,
        [
            "x: module using GPL-only symbols uses symbols f from proprietary module closed.",
            "x: Unknown symbol f (err -2)",
        ],
    )
    # In the other order it has become proprietary before it asks for what is GPL only.
    assert load(kernel, build_module("x", modinfo=INFO, needs=["f", "gpl"])) == (
        ENOENT,
        [
            "x: module uses symbols f from proprietary module closed, inheriting taint.",
            "x: Unknown symbol gpl (err -2)",
        ],
    )
    load(kernel, build_module("x", modinfo=INFO, needs=["f"]))
    assert [(m.name, m.taint) for m in kernel.state().modules] == [("x", "P"), ("closed", "P")]


def test_an_owner_that_is_not_ready(kernel: SimulatedKernel) -> None:
    load(kernel, build_module("low", modinfo=INFO, exports=["f"]))
    high = build_module("high", modinfo=INFO, needs=["f"])
    kernel.world.db.execute("UPDATE modules SET state = 'Loading'")
    assert load(kernel, high) == (
        EBUSY,
        ["high: gave up waiting for init of module low.", "high: Unknown symbol f (err -16)"],
    )
    kernel.world.db.execute("UPDATE modules SET state = 'Unloading'")
    assert load(kernel, high) == (ENOENT, ["high: Unknown symbol f (err -2)"])


def test_symbols_that_are_none(kernel: SimulatedKernel) -> None:
    assert load(kernel, build_module("x", modinfo=INFO, weak=["no"], needs=["_GLOBAL_OFFSET_TABLE_"])) == (0, [])
    odd = build_module("y", modinfo=INFO, needs=["odd"])
    at = odd.rindex(b"\x10\0\0\0", 0, odd.index(b"\0odd\0"))  # binding, other, and section 0 of the last symbol
    assert load(kernel, odd[: at + 2] + b"\xf2\xff" + odd[at + 4 :]) == (
        ENOEXEC,
        ["y: please compile with -fno-common"],
    )
    assert load(kernel, odd[: at + 2] + b"\x63\0" + odd[at + 4 :])[1][0].startswith(
        "y: Symbol odd has an invalid section index 99 (max "
    )


def test_exports_that_somebody_has(kernel: SimulatedKernel) -> None:
    said = "exports duplicate symbol gpl (owned by kernel)"
    assert load(kernel, build_module("x", modinfo=INFO, exports=["f", "gpl"])) == (ENOEXEC, [f"x: {said}"])
    load(kernel, build_module("low", modinfo=INFO, exports=[Export("f", gpl=True)]))
    assert load(kernel, build_module("x", modinfo=INFO, exports=["f"]))[1] == [
        "x: exports duplicate symbol f (owned by low)"
    ]


def relocated(kind: int, *, rela: bool = True, there: bytes = bytes(16)) -> bytes:
    out = Writer()
    out.add(".text", there)
    out.add(".modinfo", b"".join(f"{key}={value}\0".encode() for key, value in INFO))
    out.add(".gnu.linkonce.this_module", bytes(24) + b"x".ljust(128, b"\0"))
    out.globals.append(("plain", GLOBAL, "", 0))
    out.relocations(".text", [(4, "plain", kind)], rela=rela)
    assert not rela or any(section.type == RELA for section in out.sections)
    return out.elf()


def test_relocations(kernel: SimulatedKernel) -> None:
    for kind in (0, 1, 2, 4, 10, 11, 24):
        assert load(kernel, relocated(kind)) == (0, [])
        kernel.unload("x")
    assert load(kernel, relocated(238)) == (ENOEXEC, ["module: x: Unknown rela relocation: 238"])
    assert load(kernel, relocated(1, rela=False)) == (ENOEXEC, ["module x: REL relocation unsupported"])
    number, (said,) = load(kernel, relocated(2, there=b"\1" * 16), um="1")
    assert number == ENOEXEC
    assert said.startswith("subarch: x86/modules: Skipping invalid relocation target, existing value is nonzero")
