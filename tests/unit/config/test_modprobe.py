from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.modprobe import SYNTAX, parse
from lkm.config.nouns import Alias, Blacklist, Command, Directive, Options, Softdep, Unset, Weakdep
from lkm.names import AliasPattern, ModuleName
from lkm.origin import Origin, Problem

AT = Origin("x.conf", 1)
NAME = st.text(alphabet="ab_0", min_size=1, max_size=8)


def fact(text: str) -> Directive:
    (found,), problems = parse(text, "x.conf")
    assert not problems
    return found


def problem(text: str) -> Problem:
    found, (wrong,) = parse(text, "x.conf")
    assert not found
    return wrong


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alias eth-* e-1000", Alias(AliasPattern("eth_*"), ModuleName("e_1000"), AT)),
        ("alias v[a-b]-c m # more words", Alias(AliasPattern("v[a-b]_c"), ModuleName("m"), AT)),
        (" \tblacklist\ta-b ", Blacklist(ModuleName("a_b"), AT)),
        ('options m  a=1\tb="x  y" ', Options(ModuleName("m"), ' a=1 b="x  y" ', AT)),
        ("install m /bin/a-b\t$CMDLINE_OPTS ", Command("install", ModuleName("m"), "/bin/a-b\t$CMDLINE_OPTS ", AT)),
        ("options m += a=1  b", Options(ModuleName("m"), "a=1  b", AT, extends=True)),
        ("options m  +=\ta=1", Options(ModuleName("m"), "a=1", AT, extends=True)),
        ("options m +=a", Options(ModuleName("m"), "+=a", AT)),
        ("unset options a-b #more", Unset("options", ModuleName("a_b"), AT)),
        ("unset alias pci:v[a-b]-*", Unset("alias", ModuleName("pci:v[a-b]_*"), AT)),
        ("remove m x", Command("remove", ModuleName("m"), "x", AT)),
        ("softdep m-a pre: a-b c post: d", Softdep(ModuleName("m_a"), ("a-b", "c"), ("d",), AT)),
        ("softdep m post: d pre: a post: e", Softdep(ModuleName("m"), ("a",), ("d", "e"), AT)),
        ("softdep m pre:", Softdep(ModuleName("m"), (), (), AT)),
        ("weakdep m a-b  c", Weakdep(ModuleName("m"), ("a-b", "c"), AT)),
    ],
)
def test_what_each_directive_says(text: str, expected: Directive) -> None:
    assert fact(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("optoins a b=1", 1, "unknown directive 'optoins'", "did you mean 'options'?"),
        ("  foo", 3, "unknown directive 'foo'", "directives are: alias, blacklist, "),
        (" # x", 2, "unknown directive '#'", "a comment must start in the first column"),
        ("\r", 1, "unknown directive '\\r'", "the file has DOS line ends; remove the carriage returns"),
        ("include y", 1, "directive 'include' is no longer read", "put the directives into a file of their own"),
        ("config y", 1, "directive 'config' is no longer read", "put the directives into a file of their own"),
        ("alias", 6, "the alias is missing", "the form is: alias WILDCARD MODULE"),
        ("alias a", 8, "the module name is missing", "the form is: alias WILDCARD MODULE"),
        ("alias a] b", 8, "']' without '[' in alias 'a]'", "write brackets in pairs"),
        ("alias b x[", 10, "'[' without ']' in alias 'x['", "write brackets in pairs"),
        ("blacklist ", 11, "the module name is missing", "the form is: blacklist MODULE"),
        ("options m", 10, "no options after the module name", "the form is: options MODULE [+=] NAME=VALUE..."),
        ("options m ", 11, "no options after the module name", "the form is: options MODULE [+=] NAME=VALUE..."),
        ("options m += ", 14, "no options after '+='", "the form is: options MODULE [+=] NAME=VALUE..."),
        ("unset", 6, "the directive is missing", "the form is: unset DIRECTIVE NAME"),
        ("unset options", 14, "the name is missing", "the form is: unset DIRECTIVE NAME"),
        ("unset optoins m", 7, "'optoins' is no directive that can be unset", "did you mean 'options'?"),
        (
            "unset unset m",
            7,
            "'unset' is no directive that can be unset",
            "directives are: alias, blacklist, forbid, ",
        ),
        ("unset alias x]", 14, "']' without '[' in alias 'x]'", "write brackets in pairs"),
        ("forbid", 7, "the module name is missing", "the form is: forbid MODULE [because TEXT]"),
        ("forbid m cause x", 10, "'cause' stands where 'because' would", "the form is: forbid MODULE [because TEXT]"),
        ("forbid m because ", 18, "no text after 'because'", "the form is: forbid MODULE [because TEXT]"),
        ("weakdep x] a", 10, "']' without '[' in alias 'x]'", "write brackets in pairs"),
        ("remove", 7, "the module name is missing", "the form is: remove MODULE COMMAND"),
        ("remove m ", 10, "no command after the module name", "the form is: remove MODULE COMMAND"),
        ("install m", 10, "no command after the module name", "the form is: install MODULE COMMAND"),
        ("softdep m", 10, "no names after the module name", "the form is: softdep MODULE pre: NAME... post: NAME..."),
        ("weakdep m", 10, "no names after the module name", "the form is: weakdep MODULE NAME..."),
    ],
)
def test_what_a_bad_line_is_told(text: str, column: int, message: str, hint: str) -> None:
    wrong = problem(text)
    assert (wrong.column, wrong.message, wrong.text, wrong.origin) == (column, message, text, AT)
    assert wrong.hint.startswith(hint)


def test_words_of_a_softdep_that_kmod_ignores_are_told_of() -> None:
    (found,), (wrong,) = parse("softdep m a b post: c", "x.conf")
    assert isinstance(found, Softdep) and (found.pre, found.post) == ((), ("c",))
    assert wrong.message == "ignored, as it does not follow 'pre:' or 'post:': a b"
    assert wrong.column == 11


def test_two_blanks_hide_the_first_word_of_a_softdep_as_in_kmod() -> None:
    (found,), (wrong,) = parse("softdep m  pre: a", "x.conf")
    assert isinstance(found, Softdep) and found.pre == ()
    assert (wrong.column, wrong.hint) == (12, "leave one blank before it, not two")


def test_dos_line_ends_are_parts_of_words_as_in_kmod_and_told_of_once() -> None:
    found, (wrong,) = parse("alias a b\r\n#\r\nsoftdep m   pre: a\r\nblacklist c\r", "x.conf")
    assert found[0] == Alias(AliasPattern("a"), ModuleName("b\r"), AT)
    assert found[1:] == (
        Softdep(ModuleName("m"), ("a",), (), Origin("x.conf", 3)),
        Blacklist(ModuleName("c\r"), Origin("x.conf", 4)),
    )
    assert (wrong.origin, wrong.column) == (AT, 10)
    assert wrong.message.endswith(" of the last word, as do 2 more lines")


def test_words_past_those_that_a_directive_takes_are_told_of() -> None:
    for text, column, words in (
        ("blacklist a b c", 13, "b c"),
        ("alias a* b  c ", 13, "c"),
        ("unset options a b", 17, "b"),
    ):
        (found,), (wrong,) = parse(text, "x.conf")
        assert found and (wrong.column, wrong.hint) == (column, "write a line for each")
        assert wrong.message.startswith("ignored, as this takes one ") and wrong.message.endswith(f": '{words}'")


def test_one_bad_line_kills_nothing_and_lines_keep_their_numbers() -> None:
    text = "# c \\\n still a comment\nblacklist a\nfoo \\\n bar\n\n#x\nblacklist \\\n b"
    found, (wrong,) = parse(text, "f")
    assert [str(f.origin) for f in found] == ["f:3", "f:8"]
    assert (str(wrong.origin), wrong.text) == ("f:4", "foo  bar")


@given(st.text(max_size=200), st.sampled_from(["", "alias ", "options ", "softdep m ", "install "]))
def test_no_text_makes_it_raise(text: str, start: str) -> None:
    found, problems = parse(start + text, "x")
    for each in (*found, *problems):
        assert 1 <= each.origin.line <= text.count("\n") + 1
    for wrong in problems:
        assert wrong.message and wrong.hint and 1 <= wrong.column <= len(wrong.text) + 1


@given(st.lists(NAME, max_size=4), st.lists(NAME, max_size=4))
def test_softdep_names_come_back_in_order(pre: list[str], post: list[str]) -> None:
    found = fact(f"softdep m pre: {' '.join(pre)} post: {' '.join(post)}")
    assert found == Softdep(ModuleName("m"), tuple(pre), tuple(post), AT)


@given(st.lists(st.sampled_from(["alias a b", "bad", "blacklist c", "options d e=1", "#"]), max_size=20))
def test_every_line_is_a_fact_a_problem_or_a_comment(rows: list[str]) -> None:
    found, problems = parse("\n".join(rows), "x")
    lines = [each.origin.line for each in (*found, *problems)]
    assert sorted(lines) == [n for n, row in enumerate(rows, 1) if row != "#"]


@given(st.sampled_from(sorted(SYNTAX)), NAME, st.lists(st.sampled_from([" ", "x", "pre:", "\t", "a-b"]), max_size=8))
def test_a_continued_line_says_what_the_joined_line_says(keyword: str, name: str, rest: list[str]) -> None:
    joined = parse(" ".join([keyword, name, *rest]), "x")
    parted = parse(" \\\n".join([keyword, name, *rest]), "x")
    assert parted == joined
