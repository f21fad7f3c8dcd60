"""``lkm list``: rows, orders, filters, the tree; as plain text and on a terminal."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lkm.cli.list_terminal import show
from lkm.cli.main import main
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.names import ModuleName
from lkm.report.info import Signed, signature_object
from lkm.report.list import SORTS, Row, cells, chosen, in_order, row_object, table, tree
from lkm.state.nouns import KernelState, LoadedModule
from lkm.state.users import User, Uses
from lkm.system.users import all_uses


def row(name: str, size: int = 1, uses: int = 0, *holders: str, users: tuple[User, ...] = (), taint: str = "") -> Row:
    return Row(LoadedModule(ModuleName(name), size, uses, tuple(map(ModuleName, holders)), taint=taint), users)


MOUNT = User("mount", "/mnt", "vfat /dev/sda1")
ROWS = [
    row("vfat", 20, 1, users=(MOUNT,)),
    row("msdos", 10),
    row("fat", 90, 2, "vfat", "msdos"),
    row("tun", 5, 0, taint="OE"),
]


def test_the_table_of_pipes() -> None:
    assert table(ROWS).splitlines() == [
        "module  size  uses  used by      taint",
        "vfat      20     1  mount /mnt",
        "msdos     10     0",
        "fat       90     2  vfat, msdos",
        "tun        5     0               out of tree, unsigned",
    ]
    marked = [each._replace(autoclean=each.module.name == "fat", since="now") for each in ROWS[:3]]
    assert table(marked).splitlines()[0] == "module  size  uses  used by      autoclean  first seen"
    assert table(marked).splitlines()[3] == "fat       90     2  vfat, msdos  yes        now"


def test_signatures_and_many_users() -> None:
    signed = ROWS[1]._replace(read=True, signature=Signed("good", "Debian"))
    assert cells(signed)[5] == "Debian (good)" and cells(ROWS[1]._replace(read=True))[5] == "none"
    tuns = tuple([User("device", "/dev/net/tun", "", pid, "vpn") for pid in range(1, 7)])
    assert cells(row("tun", 1, 6, users=tuns))[3].endswith("vpn[3] /dev/net/tun, 3 more")
    assert cells(row("tun", 1, -1))[2] == "?"


@pytest.mark.parametrize(
    "kind", ["device", "mapping", "socket", "mount", "swap", "loop", "interface", "algorithm", "count"]
)
def test_every_kind_of_user_has_words(kind: str) -> None:
    assert "/x" in cells(row("m", 1, 1, users=(User(kind, "/x", "more"),)))[3]


def test_names_do_not_command_the_terminal() -> None:
    odd = row("a\x1b[2J", 1, 1, "b\x1b")
    assert "\x1b" not in table([odd]) + tree([odd]) and "a\\x1b[2J" in table([odd])


def test_filters_and_orders() -> None:
    assert [r.module.name for r in chosen(ROWS, ["*fat"])] == ["vfat", "fat"]
    assert [r.module.name for r in chosen(ROWS, [], used=False)] == ["msdos", "tun"]
    assert [r.module.name for r in chosen(ROWS, [], used=True, tainted=True)] == []
    assert [r.module.name for r in chosen(ROWS, [], tainted=True)] == ["tun"]
    by = {sort: [r.module.name for r in in_order(ROWS, sort)] for sort in SORTS}
    assert by["newest"] == ["vfat", "msdos", "fat", "tun"] and by["oldest"] == by["newest"][::-1]
    assert by["name"] == ["fat", "msdos", "tun", "vfat"]
    assert by["size"] == ["fat", "vfat", "msdos", "tun"] and by["uses"] == ["fat", "vfat", "msdos", "tun"]
    assert by["taint"] == ["tun", "fat", "msdos", "vfat"] and by["signature"] == by["name"]
    marked = [one._replace(autoclean=one.module.name == "msdos") for one in ROWS]
    assert [r.module.name for r in in_order(marked, "autoclean")] == ["msdos", "fat", "tun", "vfat"]


def test_the_tree() -> None:
    low = row("nls", 3, 1, "fat")
    assert tree([*ROWS, low]).splitlines() == [
        "vfat (20, mount /mnt)",
        "`- fat (90)",
        "   `- nls (3)",
        "msdos (10)",
        "`- fat ...",
        "tun (5)",
    ]


@given(st.lists(st.sets(st.integers(0, 6)), max_size=7))
def test_a_tree_names_each_module(holders: list[set[int]]) -> None:
    """A holder is always newer than what it holds, so there are no circles."""
    rows = [row(f"m{n}", 1, 0, *[f"m{h}" for h in sorted(above) if h < n]) for n, above in enumerate(holders)]
    lines = tree(rows).splitlines()
    full = [line.split("- ")[-1].split(" ")[0] for line in lines if not line.endswith("...")]
    assert set(full) == {r.module.name for r in rows}


def test_on_a_terminal() -> None:
    out = io.StringIO()
    show(ROWS, Console(file=out, width=60, force_terminal=True, color_system=None))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[0].split() == ["module", "size", "uses", "used", "by", "taint"] and lines[1].split()[:3] == [
        "vfat",
        "20",
        "1",
    ]
    assert all(len(line) <= 60 for line in lines)
    narrow = io.StringIO()
    show(ROWS, Console(file=narrow, width=30))
    assert len(narrow.getvalue().splitlines()) > len(lines)
    assert all(name in narrow.getvalue() for name in itertools.islice(("vfat", "msdos", "fat"), 3))


def test_the_object() -> None:
    made = row_object(ROWS[0]._replace(signature=Signed("bad", "X")), signature_object)
    assert made["signature"] == {"state": "bad", "signer": "X", "digest": None, "origin": None}
    assert made["users"] == [
        {"module": "vfat", "kind": "mount", "what": "/mnt", "more": "vfat /dev/sda1", "count": 1, "process": None}
    ]


def test_interfaces_are_told_of_modules_that_nobody_uses(tmp_path: Path) -> None:
    World.create(f"{tmp_path}/w", {"release": "1.0"}).close()

    class Kernel(SimulatedKernel):
        def uses(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> Uses:
            users = (User("interface", "eth0", "up"), User("device", "/dev/x", "", 1, "init"))
            return Uses(tuple([(name, users) for name in names]), False)

    state = KernelState((row("e1000").module, row("tun", 1, 1).module))
    found = all_uses(Kernel(f"{tmp_path}/w"), state)
    assert [[user.kind for user in users] for _, users in found.pairs] == [["interface"], ["interface", "device"]]
    assert not found.complete


def test_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "list", "--used", "--unused"]) == 2 and main(["lkm", "list", "--sort=x"]) == 2
    assert main(["lkm", "list", "--help"]) == 0
    assert "--used and --unused leave nothing" in capfd.readouterr().err
