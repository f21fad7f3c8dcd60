from __future__ import annotations

from lkm.lint.nouns import Edit
from lkm.lint.sheet import CMDLINE, DEPMOD, LOAD, MODPROBE, read


def test_lines_of_each_kind() -> None:
    first, second = read(MODPROBE, "x", "# a\nblacklist snd-x\noptions a \\\n b=1\n").statements
    assert (first.name, first.column("snd_x"), first.line.first) == ("snd_x", 11, 2)
    assert (second.line.first, second.line.last) == (3, 4)
    assert second.replaced(9, "a", "b") is None
    assert second.removed() == Edit("x", 3, 4)
    assert first.replaced(11, "snd-x", "y") == Edit("x", 2, 2, ("blacklist y",))
    (load,) = read(LOAD, "l", " loop \n").statements
    assert (load.name, load.column("loop")) == ("loop", 2)
    (override,) = read(DEPMOD, "d", "override a-b * dir\n").statements
    assert (override.name, override.column("dir")) == ("a-b", 16)


def test_command_line() -> None:
    sheet = read(CMDLINE, "/proc/cmdline", "quiet snd-x.a=1 b.a=2\n")
    one, two = sheet.statements
    assert (one.column("snd_x"), two.column("b"), two.column("a=2")) == (7, 17, 19)
    assert (one.removed(), one.replaced(7, "snd-x", "y")) == (None, None)


def test_a_name_that_is_also_in_the_keyword() -> None:
    (statement,) = read(MODPROBE, "x", "blacklist list").statements
    assert statement.column("list") == 11
    (statement,) = read(MODPROBE, "x", "options loop a\\b=1").statements
    assert statement.replaced(9, "loop", "x") == Edit("x", 1, 1, ("options x a\\b=1",))
