"""The surface of a small tree: which ways there are, what closes each, and what of it is needed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.doors import ANYONE, CERTAIN, CHECKED, DOORS, LIKELY, NAMESPACE, NODE, WHO
from lkm.autoload.surface import Host, Node, Reach, Surface, door_of
from lkm.cli import depmod
from lkm.names import fold_alias
from lkm.report.surface import FORMS, closing, reach_lines, summary
from lkm.system.world import open_world
from tests.support.elfwriter import build_module

#: Module → its aliases; those with a "+" need fat.
TREE = {
    "fat": (),
    "msdos+": ("fs-msdos",),
    "appletalk": ("net-pf-5",),
    "can": ("net-pf-29",),
    "can_raw": ("can-proto-1",),
    "af_alg": ("net-pf-38",),
    "algif_hash": (),
    "md4": ("crypto-md4", "md4"),
    "tun": ("char-major-10-200", "devname:net/tun"),
    "raw": ("char-major-162-*",),
    "slip": ("tty-ldisc-1",),
    "sch_red": (),
    "tcp_bbr": (),
    "pn_pep": ("net-pf-35-proto-2",),
    "nic": ("pci:v1d2",),
    "nf_tables": ("nfnetlink-subsys-10",),
    "nft_ct": ("nft-expr-ct",),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("surface")
    place = base / "lib/modules/1.0"
    place.mkdir(parents=True)
    for word, aliases in TREE.items():
        name = word.rstrip("+")
        info = [("license", "GPL"), ("vermagic", "1.0 "), *[("alias", alias) for alias in aliases]]
        needs = ["fat_scan"] if "+" in word else []
        exports = ["fat_scan"] if name == "fat" else []
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    assert depmod.main(["depmod", "-b", str(base), "1.0"]) == 0
    return base


def reached(tree: Path, tmp_path: Path, config: str = "", **host: Any) -> dict[str, Reach]:
    (tmp_path / "modprobe.conf").write_text(config)
    world, _ = open_world(str(tree), "1.0", (str(tmp_path / "modprobe.conf"),), "")
    aliases = [(alias, word.rstrip("+")) for word, some in TREE.items() for alias in some]
    names = [word.rstrip("+") for word in TREE]
    return {reach.module: reach for reach in Surface(world, aliases, names, Host(**host)).reaches()}


TUN = Node("/dev/net/tun", "char", 10, 200)


def test_each_way_has_its_door(tree: Path, tmp_path: Path) -> None:
    found = reached(tree, tmp_path, nodes=(TUN,))
    ways = {module: [(way.door.kind, way.asks) for way in reach.ways] for module, reach in found.items()}
    assert ways == {
        "msdos": [("filesystem", "fs-msdos")],
        "appletalk": [("family", "net-pf-5")],
        "can": [("family", "net-pf-29")],
        "can_raw": [("protocol", "can-proto-1")],
        "af_alg": [("family", "net-pf-38")],
        "algif_hash": [("crypto", "algif-hash")],
        "md4": [("crypto", "crypto-md4")],
        "tun": [("device", "char-major-10-200")],
        "slip": [("ldisc", "tty-ldisc-1")],
        "sch_red": [("queueing", "sch_red")],
        "nf_tables": [("netfilter", "nfnetlink-subsys-10")],
        "nft_ct": [("netfilter", "nft-expr-ct")],
    }
    assert found["msdos"].brings == ("fat",)
    assert found["tun"].ways[0].node == "/dev/net/tun"
    assert all(reach.open and reach.spare for reach in found.values())


def test_a_node_opens_what_its_number_means(tree: Path, tmp_path: Path) -> None:
    assert "tun" not in reached(tree, tmp_path)
    found = reached(tree, tmp_path, nodes=(Node("/dev/raw1", "char", 162, 1), Node("/dev/b", "block", 10, 200)))
    assert [way.asks for way in found["raw"].ways] == ["char-major-162-1"] and "tun" not in found


@pytest.mark.parametrize(
    ("config", "host", "module", "closed"),
    [
        ("blacklist appletalk", {}, "appletalk", "blacklisted: CONF:1"),
        ("blacklist sch_red", {}, "sch_red", ""),  # asked for by its name
        ("forbid fat because x", {}, "msdos", "fat is forbidden: CONF:1"),
        ("forbid fat because x", {"loaded": frozenset({"fat"})}, "msdos", ""),
        ("forbid msdos", {}, "msdos", "forbidden: CONF:1"),
        ("install msdos /bin/false", {}, "msdos", "an install command instead: CONF:1"),
        ("install msdos /sbin/modprobe -i msdos; true", {}, "msdos", ""),
        ("alias net-pf-5 off", {}, "appletalk", "net-pf-5 means something else: CONF:1"),
        ("alias net-pf-9 nic", {}, "nic", ""),
        ("blacklist af_alg", {}, "md4", "net-pf-38 comes first: blacklisted: CONF:1"),
        ("blacklist af_alg", {"loaded": frozenset({"af_alg"})}, "md4", ""),
        ("blacklist can", {}, "can_raw", "net-pf-29 comes first: blacklisted: CONF:1"),
        ("", {"no_namespaces": "none"}, "nf_tables", "none"),
        ("", {"no_namespaces": "none"}, "nft_ct", "none"),
        ("", {"no_namespaces": "none"}, "appletalk", ""),
        ("", {"no_ldiscs": "none"}, "slip", "none"),
        ("", {"shut": "all"}, "appletalk", "all"),
    ],
)
def test_what_closes_a_way(
    config: str, host: dict[str, Any], module: str, closed: str, tree: Path, tmp_path: Path
) -> None:
    reach = reached(tree, tmp_path, config, **host)[module]
    assert [way.closed for way in reach.ways] == [closed.replace("CONF", f"{tmp_path}/modprobe.conf")]
    assert reach.open is not bool(closed)


def test_what_is_needed_here_is_kept(tree: Path, tmp_path: Path) -> None:
    host = {"loaded": frozenset({"can", "tcp_bbr"}), "used": frozenset({"can"}), "wanted": {"msdos": "/etc/fstab:3"}}
    found = reached(tree, tmp_path, "alias net-pf-8 fat", **host)
    assert (found["can"].state, found["can"].spare) == ("used", False)
    assert (found["msdos"].state, found["msdos"].why) == ("wanted", "/etc/fstab:3")
    assert (found["fat"].state, found["fat"].kept_for, found["fat"].spare) == ("", "msdos", False)


def test_what_closes_the_rest_does_so(tree: Path, tmp_path: Path) -> None:
    found = reached(tree, tmp_path, wanted={"msdos": "/etc/fstab:3"}, nodes=(TUN,))
    for form in ("forbid", "install"):
        closed = reached(tree, tmp_path, closing(tuple(found.values()), form, "1.0"), nodes=(TUN,))
        assert [module for module, reach in closed.items() if reach.open] == ["msdos"]
    assert set(FORMS) == {"forbid", "install", "policy"}


def test_it_is_told(tree: Path, tmp_path: Path) -> None:
    found = reached(tree, tmp_path, "blacklist can", wanted={"msdos": "/etc/fstab:3 wants it"})
    assert reach_lines(found["msdos"]) == (
        "msdos (/etc/fstab:3 wants it; brings fat)\n"
        "  fs-msdos: user namespace: mount(2); the type is looked up before it is refused\n"
    )
    assert "; closed: net-pf-29 comes first: blacklisted: " in reach_lines(found["can_raw"])
    assert summary(tuple(found.values()), 17, "1.0") == (
        "17 modules for 1.0: 9 can be loaded by users without rights: 4 by any user, 4 by one with a user namespace, "
        "1 by one with a terminal\n2 more are closed; 8 that can be loaded are not needed here\n"
    )


def test_the_doors_are_in_order() -> None:
    """No row is hidden by one before it, and each is of the known kinds."""
    for door in DOORS:
        assert door.who in WHO and door.certainty in (CERTAIN, LIKELY) and (door.aliases or door.names)
        for pattern in door.aliases:
            assert door_of(pattern.replace("*", "x").replace("[0-9a-f]", "4").replace("[0-9]", "4")) == door, pattern
        if door.base:
            base = door_of(fold_alias(door.base))
            assert base is None or base.who in (ANYONE, NAMESPACE)
    assert [door.kind for door in DOORS if door.who == NODE] == ["device"]
    assert all(door_of(pattern.replace("*", "2")) is None for pattern in CHECKED)


@given(st.text("netpfrolsiy_0123456789:*", max_size=30))
def test_any_alias_has_a_door_or_none(alias: str) -> None:
    assert door_of(alias) in (None, *DOORS)
