"""Files of persistent parameters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.persist24 import parse, renewed


def test_comments_stay_and_bad_lines_are_told() -> None:
    text = "#% 2.4.1 20010101000000\n# mine\n\nio=1\nnonsense\n #io=5\nio=2\nother=x\n"
    assert renewed(text, {"io": "7"}, "2.4.2", "T") == "#% 2.4.2 T\n# mine\n\nio=7\nnonsense\n #io=5\nother=x\n"
    words, problems = parse(text, "f")
    assert words == ("io=1", "io=2", "other=x")
    assert [str(problem.origin) for problem in problems] == ["f:5"]


keys = st.text("abc_", min_size=1, max_size=3)


@given(st.text("ab=# \n", max_size=30), st.dictionaries(keys, st.text("x1,", max_size=4), max_size=3))
def test_what_was_written_is_read_again(text: str, values: dict[str, str]) -> None:
    once = renewed(text, values, "2.4.2", "T")
    found = dict(word.split("=", 1) for word in parse(once, "f")[0])
    assert values.items() <= found.items()
    assert renewed(once, values, "2.4.2", "T") == once
    comments = [row for row in text.split("\n") if row.startswith("#") and not row.startswith("#%")]
    assert [row for row in once.split("\n")[1:] if row.startswith("#")] == comments
