from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from scripts import diseases

import lkm.lint.rules as rules
from lkm.config.modprobe import SYNTAX
from lkm.lint.engine import RULES, lint, unasked
from tests.support.linting import STOCK, case

FILES = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}


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


def test_packages_files_are_not_mended() -> None:
    text = "options loop max_loop=1 # x"
    first, second = lint(case(text, package=text.replace("max_loop", "max_part")))
    assert (first.origin.file, first.edit, second.edit is None) == ("p.conf", None, False)


def test_packages_files_on_a_kernel_without_their_modules() -> None:
    text = "".join(STOCK.values())
    assert lint(case(package=text)) == ()
    assert lint(case(package=text, tree=False)) == ()


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_is_written(text: str, loads: str, depmod: str, cmdline: str) -> None:
    for flaw in lint(case(text, loads=loads, depmod=depmod, cmdline=cmdline)):
        assert flaw.what
        assert 0 <= flaw.column <= len(flaw.text) + 1


KEYWORDS = st.sampled_from([*SYNTAX, "include", "above"])
ODD = 'loop fat.ko a[b pre: # x=1 += modprobe -i off $ " \\ \r'
WORDS = st.sampled_from(ODD.split(" "))
LINE = st.builds(lambda keyword, words: " ".join([keyword, *words]), KEYWORDS, st.lists(WORDS, max_size=5))


@given(st.lists(LINE, max_size=8))
def test_whatever_is_nearly_right(lines: list[str]) -> None:
    for end in ("\n", "\r\n"):
        text = end.join(lines)
        for flaw in lint(case(text, package=text, loads=text, depmod=text, cmdline=text)):
            assert 0 <= flaw.column <= len(flaw.text) + 1


def test_the_page_is_that_of_the_rules() -> None:
    assert diseases.LINT.read_text() == diseases.lint_page()
