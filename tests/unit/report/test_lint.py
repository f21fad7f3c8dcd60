from __future__ import annotations

import json

from lkm.lint.engine import lint
from lkm.report.lint import as_object, diff, failed, sarif, text_of
from tests.support.linting import case

FLAWS = lint(case("options loop max_lop=1\nblacklist loop\nblacklist loop\n", loads="ext4"))


def test_text() -> None:
    assert text_of(FLAWS, 2, "6.1").splitlines() == [
        "x.conf:1:14: warning: loop has no parameter 'max_lop' [unknown-parameter]",
        "  options loop max_lop=1",
        "               ^ did you mean 'max_loop'?",
        "  why: a parameter that is not known is ignored",
        "x.conf:3:11: warning: x.conf:2 says the same [duplicate]",
        "  blacklist loop",
        "            ^ remove this line",
        "  why: once is enough",
        "load.conf:1:1: note: ext4 is built in: there is nothing to load [built-in]",
        "  ext4",
        "  ^ remove the line, if no other kernel needs it",
        "  why: it is part of the kernel",
        "2 files for 6.1: 2 warnings, 1 note; --fix mends 1 of them",
    ]
    assert text_of((), 1, "") == "1 file: nothing found\n"


def test_objects_and_sarif() -> None:
    assert [as_object(f)["fixable"] for f in FLAWS] == [False, True, False]
    (run,) = json.loads(sarif(FLAWS))["runs"]
    assert [result["level"] for result in run["results"]] == ["warning", "warning", "note"]
    assert failed(FLAWS)
    assert not failed(FLAWS[2:])


def test_diff() -> None:
    changed = diff({"x": "a\nb\nc\n", "y": ""}, {"x": "a\nc\n"})
    assert changed.splitlines() == ["--- x", "+++ x", "@@ -1,3 +1,2 @@", " a", "-b", " c"]
