from __future__ import annotations

from pathlib import Path

from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.state.snapshot import Thing, diff


def test_what_a_module_registers_is_its_own(tmp_path: Path) -> None:
    World.create(f"{tmp_path}/w", {"release": "1.0", "vermagic": "1.0 "}).close()
    kernel = SimulatedKernel(f"{tmp_path}/w")
    before = kernel.snapshot()
    with kernel.world.change():
        kernel.world.db.execute("INSERT INTO modules(name, size, license) VALUES('tun', 5, 'GPL')")
        rows = [("misc", "tun", 200), ("filesystem", "tunfs", 1), ("ksym", "x", None), ("netdev", "tun0", None)]
        kernel.world.db.executemany("INSERT INTO resources VALUES(?,?,?,'tun',1)", rows)
        kernel.world.db.execute("INSERT INTO parameters VALUES('tun', 'size', '3')")
        kernel.world.first("taint P")
    after = kernel.snapshot()
    assert [change.after for change in diff(before, after)] == [
        Thing("filesystem", "tunfs", "nodev", "tun"),
        Thing("netdev", "tun0", "", "tun"),
        Thing("misc", "200 tun", "", "tun"),
        Thing("parameter", "tun.size", "3", "tun"),
        Thing("taint", "P"),
    ]
    assert kernel.devices() == () and after.state.find("tun")
