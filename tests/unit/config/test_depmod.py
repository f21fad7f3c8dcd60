from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.depmod import DEFAULT_EXCLUDES, DEFAULT_SEARCHES, DepmodSettings, assemble_depmod, parse
from lkm.origin import Origin

AT = Origin("d.conf", 1)


def test_defaults_are_those_of_kmod() -> None:
    assert assemble_depmod([]) == DepmodSettings(searches=("updates", "built-in"), excludes=("build", "source"))


def test_search_orders_add_up_and_replace_the_default() -> None:
    settings = assemble_depmod([("a", "search x y\nsearch built-in"), ("b", "search z")])
    assert settings.searches == ("x", "y", "built-in", "z")


def test_excludes_come_on_top_of_the_default() -> None:
    assert assemble_depmod([("a", "exclude a b\nexclude c")]).excludes == (*DEFAULT_EXCLUDES, "a", "b", "c")


def test_an_empty_search_changes_nothing() -> None:
    assert assemble_depmod([("a", "search\nexclude \n")]) == assemble_depmod([])


def test_overrides_of_other_kernels_are_no_overrides_and_the_last_is_strongest() -> None:
    text = "override a-b * x\noverride c 6[.]1[.] y/z junk\noverride d ^5 w"
    settings = assemble_depmod([("d.conf", text)])
    assert settings.override_paths("6.1.0") == ("y/z/c", "x/a-b")
    assert settings.override_paths("5.10") == ("w/d", "x/a-b")
    assert [str(o.origin) for o in settings.overrides] == ["d.conf:1", "d.conf:2", "d.conf:3"]


def test_externals_of_this_kernel_in_order() -> None:
    settings = assemble_depmod([("d.conf", "external * /a /b\nexternal ^5 /c\nexternal 6 /d")])
    assert settings.external_directories("6.1") == ("/a", "/b", "/d")


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("serach a", 1, "unknown directive 'serach'", "did you mean 'search'?"),
        (" # x", 2, "unknown directive '#'", "a comment must start in the first column"),
        (" xyzzy", 2, "unknown directive 'xyzzy'", "directives are: search, override, external, exclude"),
        ("include x", 1, "directive 'include' does nothing", "remove the line"),
        ("make_map_files no", 1, "directive 'make_map_files' does nothing", "remove the line"),
        ("override m 6", 13, "'override' needs 3 words, and has 2", "the form is: override MODULE KERNEL DIRECTORY"),
        ("external * ", 12, "'external' needs 2 words, and has 1", "the form is: external KERNEL DIRECTORY..."),
        ("override [ 6[ x", 12, "'[' without ']' in regular expression '6['", "'*' stands for every kernel"),
        ("external ( x", 10, "'(' without ')' in regular expression '('", "'*' stands for every kernel"),
    ],
)
def test_what_a_bad_line_is_told(text: str, column: int, message: str, hint: str) -> None:
    settings, (wrong,) = parse(text, "d.conf")
    assert settings == DepmodSettings(problems=(wrong,))
    assert (wrong.origin, wrong.text, wrong.column, wrong.message) == (AT, text, column, message)
    assert wrong.hint.startswith(hint)


@given(st.text(max_size=200), st.sampled_from(["", "search ", "override m ", "external ", "exclude "]))
def test_no_text_makes_it_raise(text: str, start: str) -> None:
    settings, problems = parse(start + text, "x")
    assert settings.problems == problems
    settings.override_paths("6.1.0")
    settings.external_directories("6.1.0")


@given(
    st.lists(st.sampled_from(["search a", "exclude b", "override c * d", "external * /e", "bad", "#"]), max_size=9)
)
def test_one_file_or_many_make_no_difference(rows: list[str]) -> None:
    whole = assemble_depmod([("x", "\n".join(rows))])
    parts = assemble_depmod([("x", "\n" * at + row) for at, row in enumerate(rows)])
    assert parts == whole
    assert whole.searches == (tuple("a" * rows.count("search a")) or DEFAULT_SEARCHES)
