from __future__ import annotations

from lkm.origin import Origin, Problem


def test_a_whole_file_has_no_line() -> None:
    assert str(Origin("/proc/cmdline")) == "/proc/cmdline"
    assert str(Origin("x.conf", 1)) == "x.conf:1"


def test_a_problem_says_where_and_what() -> None:
    assert str(Problem(Origin("x.conf", 1), "what", "text", 3, "cure")) == "x.conf:1: what"
