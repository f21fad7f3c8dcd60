from __future__ import annotations

from pathlib import Path

from scripts import diseases

import lkm.diagnose.rules as rules
from lkm.diagnose.engine import RULES, diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

FILES = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}


def test_every_rule_is_asked_and_has_its_manual() -> None:
    assert set(RULES) == FILES
    assert len(RULES) == len(FILES)
    codes = set()
    for name in RULES:
        rule = __import__(f"lkm.diagnose.rules.{name}", fromlist=["find"])
        assert name.replace("_", "-") == rule.CODE
        assert rule.ERRNOS
        title, blank, *rest = (rule.__doc__ or "").split("\n")
        assert title.endswith("."), name
        assert blank == ""
        assert any(line.startswith("Remedy: ") for line in rest), name
        codes.add(rule.CODE)
    assert len(codes) == len(RULES)


def test_a_healthy_module() -> None:
    assert diagnose(case(build_module("mod", modinfo=HEALTHY, needs=["_printk"]), tree=FakeTree(mod=()))) == ()


def test_the_first_is_what_the_kernel_notices_first() -> None:
    data = build_module("mod", machine=183, needs=["nobodys"])
    assert [finding.code for finding in diagnose(case(data))] == ["other-machine", "missing-symbol"]


def test_only_what_fits_the_answer() -> None:
    data = build_module("mod", machine=183, needs=["nobodys"])
    assert [finding.code for finding in diagnose(case(data, errno="ENOENT"))] == ["missing-symbol", "init-failed"]


def test_what_is_possible_is_left_out_where_something_is_certain() -> None:
    log = ("mod: Unknown symbol nobodys (err -2)",)
    data = build_module("mod", needs=["nobodys"])
    assert [finding.code for finding in diagnose(case(data, errno="ENOENT", log=log))] == ["missing-symbol"]


def test_the_pages_are_those_of_the_rules() -> None:
    assert {path.name: path.read_text() for path in diseases.DIRECTORY.iterdir()} == diseases.pages()
