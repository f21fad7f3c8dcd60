"""modules-load.d and the kernel command line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.modulesload import Wanted, of_cmdline, parse, wanted_lines
from lkm.origin import Origin


def test_lines() -> None:
    text = "# comment\n; another\n\n  loop \r\n\tsnd-hda-intel\npci:v00008086d*\nloop"
    wanted, problems = parse(text, "/etc/modules-load.d/x.conf")
    assert [(w.name, w.origin.line) for w in wanted] == [
        ("loop", 4),
        ("snd-hda-intel", 5),
        ("pci:v00008086d*", 6),
        ("loop", 7),
    ]
    assert problems == ()


def test_a_line_that_is_no_name_is_told_and_kills_nothing() -> None:
    wanted, problems = parse("a\n  loop max_loop=3\nb\n", "x.conf")
    assert [w.name for w in wanted] == ["a", "b"]
    assert [(str(p), p.column, p.text) for p in problems] == [
        ("x.conf:2: 'loop max_loop=3' is no module's name", 3, "  loop max_loop=3")
    ]
    assert "modprobe.d" in problems[0].hint


def test_lines_as_they_are() -> None:
    found = wanted_lines("snd-x\r\n# no\n;no\n\n  fat \nloop # x", "m.conf")
    assert [(w.module, w.origin.line) for w in found] == [("snd_x", 1), ("fat", 5), ("loop # x", 6)]


def test_words_of_the_command_line_have_their_origin() -> None:
    text = 'root=/dev/x modules_load=a,,b quiet "modules-load=c" modules_loaded=x\n'
    assert of_cmdline(text)[1] == Wanted("b", Origin("/proc/cmdline", 0, "modules_load=a,,b"))
    assert [w.name for w in of_cmdline(text)] == ["a", "b", "c"]


@given(st.text(max_size=300))
def test_each_line_is_a_name_a_problem_or_says_nothing(text: str) -> None:
    wanted, problems = parse(text, "f")
    assert {w.origin for w in wanted_lines(text, "f")} == {w.origin for w in wanted} | {p.origin for p in problems}
    said = sorted([w.origin.line for w in wanted] + [p.origin.line for p in problems])
    silent = [n for n, line in enumerate(text.split("\n"), 1) if n not in said]
    assert len(said) == len(set(said))
    for number in silent:
        line = text.split("\n")[number - 1].strip(" \t\r\v\f")
        assert not line or line[0] in "#;"
    of_cmdline(text)
