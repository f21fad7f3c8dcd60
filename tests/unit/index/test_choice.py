"""Which of two files with one module name is taken, and the order of all."""

from __future__ import annotations

import pytest

from lkm.config.depmod import assemble_depmod
from lkm.index.choice import Chooser, in_order

TOP = "/r/lib/modules/6.1.0"


def choose(conf: str, *paths: str) -> list[str]:
    chooser = Chooser(TOP, assemble_depmod([("d.conf", conf)]), "6.1.0")
    for path in paths:
        chooser.add(path if path.startswith("/") else f"{TOP}/{path}")
    return [path.removeprefix(TOP + "/") for path in chooser.chosen.values()]


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("conf", "best", "other"),
    [
        ("", "updates/q/a.ko", "kernel/a.ko"),
        ("search built-in updates", "kernel/a.ko", "updates/a.ko"),
        ("search extra updates built-in", "extra/a.ko.xz", "updates/a.ko"),
        ("search kernel extra", "extra/a.ko", "updates/a.ko"),  # without built-in the others come last
        ("search extra/w extra", "extra/w/a.ko", "extra/a.ko"),
        ("external * /e1 /e2\nsearch external", "/e1/a.ko", "/e2/a.ko"),
        ("override a * extra", "extra/a.ko", "updates/a.ko"),
        ("override a 6.* extra", "extra/a.ko", "updates/a.ko"),
        ("override a 5.* extra", "updates/a.ko", "extra/a.ko"),
        ("override a-b * extra", "extra/a-b.ko", "updates/a_b.ko"),
        ("override a * extra", "updates/a.ko", "extra/deep/a.ko"),
        ("external * /ext\nsearch external built-in", "/ext/a.ko", "kernel/a.ko"),
        ("external * /ext\nsearch built-in external", "kernel/a.ko", "/ext/a.ko"),
    ],
)
def test_the_better_one_wins(conf: str, best: str, other: str, turn: int) -> None:
    assert choose(conf, *[other, best][::turn]) == [best]


@pytest.mark.parametrize(
    ("conf", "first", "second", "best"),
    [
        ("", "kernel/a.ko", "weird/a.ko", "kernel/a.ko"),
        ("search extra", "kernel/a.ko", "weird/a.ko", "kernel/a.ko"),
        ("external 5.* /ext\nsearch external built-in", "kernel/a.ko", "/ext/a.ko", "kernel/a.ko"),
        ("", "updates/a.ko", "updates/q/a.ko", "updates/q/a.ko"),
        ("search extra built-in", "extra/w/a.ko", "extra/a.ko", "extra/a.ko"),
    ],
)
def test_of_equals_the_first_stands_unless_one_search_holds_both(
    conf: str, first: str, second: str, best: str
) -> None:
    assert choose(conf, first, second) == [best]


def test_dashes_make_no_other_name_and_a_file_without_name_is_none() -> None:
    assert choose("", "kernel/a-b.ko", "kernel/a_b.ko.zst", "kernel/.ko") == ["kernel/a-b.ko"]


def test_modules_order_first_then_the_hash_table() -> None:
    chooser = Chooser(TOP, assemble_depmod([]), "6.1.0")
    for name in ("msdos", "vfat", "fat", "hello", "x-y"):
        chooser.add(f"{TOP}/kernel/{name}.ko.xz")
    order = ["kernel/x-y.ko", "kernel/gone.ko", "kernel/vfat.ko", "kernel/x-y.ko"]
    assert [name for name, _ in in_order(chooser.chosen, TOP, order)] == ["vfat", "x_y", "fat", "hello", "msdos"]
