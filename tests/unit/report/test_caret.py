from __future__ import annotations

from lkm.report.caret import under


def test_a_long_line_is_cut_and_odd_characters_are_blanks() -> None:
    line, caret = under("x" * 100 + "\tHERE" + "y" * 100, 102, "cure")
    assert line[caret.index("^") :].startswith("HERE")
    assert caret.endswith("^ cure")
    assert len(line) == 120
    assert "\t" not in line
