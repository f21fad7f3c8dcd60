"""A small simulated kernel for examples, with modules: fat; msdos needs it; a symbol of broken is nowhere."""

from __future__ import annotations

from pathlib import Path

from lkm.cli.depmod import main as depmod
from lkm.kernel.sim.world import World
from lkm.manager.newworld import make
from tests.support.elfwriter import build_module

RELEASE = "6.1.0"
#: Module → exports, needs, aliases.
MODULES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "fat": (["fat_scan"], [], []),
    "msdos": ([], ["fat_scan", "register_filesystem"], ["fs-msdos"]),
    "broken": ([], ["no_such_thing"], []),
}


def demo_world(place: Path) -> None:
    """Make ``demo.world`` and its tree in a directory."""
    tree = place / "demo/lib/modules" / RELEASE
    tree.mkdir(parents=True)
    for name, (exports, needs, aliases) in MODULES.items():
        info = [("license", "GPL"), ("vermagic", f"{RELEASE} "), ("intree", "Y")]
        info += [("parm", "size:How big"), ("parmtype", "size:int"), *[("alias", alias) for alias in aliases]]
        (tree / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (tree / name).touch()
    assert depmod(["depmod", "-b", f"{place}/demo", RELEASE]) == 0
    make(f"{place}/demo.world", {"tree": f"{place}/demo"})
    world = World(f"{place}/demo.world")
    with world.change():
        world.db.execute("DELETE FROM exports WHERE name = 'no_such_thing'")
    world.close()
