from __future__ import annotations

from pathlib import Path

from scripts import diseases

import lkm.lint.rules as rules
from lkm.lint.engine import RULES, lint, unasked
from tests.support.linting import case

FILES = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}

#: The directives of Debian 12's packages kmod, systemd, udev, mdadm, alsa-base, intel-microcode and amd64-microcode.
STOCK = """options snd-pcsp index=-2
options cx88_alsa index=-2
options snd-atiixp-modem index=-2
softdep uhci-hcd pre: ehci-hcd
softdep ohci-hcd pre: ehci-hcd
options bonding max_bonds=0
options dummy numdummies=0
options ifb numifbs=0
options md_mod start_ro=1
blacklist microcode
blacklist aty128fb
blacklist gx1fb
blacklist gxfb
"""


def test_every_rule_is_asked_and_has_its_manual() -> None:
    assert set(RULES) == FILES
    assert len(RULES) == len(FILES)
    for name in RULES:
        rule = __import__(f"lkm.lint.rules.{name}", fromlist=["find"])
        assert name.replace("_", "-") == rule.CODE
        assert isinstance(rule.NEEDS_TREE, bool)
        title, blank, *rest = (rule.__doc__ or "").split("\n")
        assert title.endswith("."), name
        assert blank == ""
        assert any(line.startswith("Remedy: ") for line in rest), name


def test_order_and_what_is_not_asked() -> None:
    one = case("blacklist fat\noptoins x\ninclude y\n", package="zz", cmdline="blacklist=x")
    found = lint(one)
    assert [(f.origin.file, f.origin.line, f.code) for f in found] == [
        ("p.conf", 1, "unreadable"),
        ("x.conf", 1, "blacklist-needed"),
        ("x.conf", 2, "unreadable"),
        ("x.conf", 3, "deprecated"),
        ("/proc/cmdline", 0, "cmdline-blacklist"),
    ]
    assert unasked(one) == ()
    bare = case("blacklist fat\noptoins x\n", tree=False)
    assert [f.code for f in lint(bare)] == ["unreadable"]
    assert unasked(bare) == (
        *("unknown-module", "built-in", "unknown-parameter", "bad-value", "blacklist-needed", "override-nowhere"),
    )


def test_packages_files_on_a_kernel_without_their_modules() -> None:
    assert lint(case(package=STOCK)) == ()
    assert lint(case(package=STOCK, tree=False)) == ()


def test_the_page_is_that_of_the_rules() -> None:
    assert diseases.LINT.read_text() == diseases.lint_page()
