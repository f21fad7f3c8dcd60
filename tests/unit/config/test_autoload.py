from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload import nouns
from lkm.config.autoload import CONDITIONS, MODES, REQUESTERS, SIGNATURES, WORDS, Default, Fact, Mode, Rule, parse
from lkm.names import AliasPattern, ModuleName
from lkm.origin import Origin, Problem

AT = Origin("x.conf", 1)
UIDS = "values are numbers and ranges, as 0,1000-1999; `id -u NAME` tells a user's"


def test_the_words_are_those_of_the_nouns() -> None:
    assert set(WORDS) == set(nouns.VERDICTS)
    assert REQUESTERS == nouns.REQUESTERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("allow", Rule("allow", AT)),
        ("  deny\tfrom kernel,user # all", Rule("deny", AT, ("kernel", "user"))),
        (
            "audit alias net-pf-*,fs-[a-c]-x",
            Rule("audit", AT, aliases=(AliasPattern("net_pf_*"), AliasPattern("fs_[a-c]_x"))),
        ),
        ("deny alias v[0,1]x,y", Rule("deny", AT, aliases=(AliasPattern("v[0,1]x"), AliasPattern("y")))),
        ("allow module a-b uid 0,10-19", Rule("allow", AT, modules=(ModuleName("a_b"),), uids=((0, 0), (10, 19)))),
        (
            "deny signature unsigned,bad because  it  is\r",
            Rule("deny", AT, signatures=("unsigned", "bad"), because="it  is"),
        ),
        ("default audit", Default("audit", AT)),
        ("mode permissive", Mode("permissive", AT)),
        ("deny alias a#b", Rule("deny", AT, aliases=(AliasPattern("a#b"),))),
        ("deny \\\nfrom boot", Rule("deny", AT, ("boot",))),
    ],
)
def test_a_line_says(text: str, expected: Fact) -> None:
    assert parse(text, "x.conf") == ((expected,), ())


@pytest.mark.parametrize("text", ["", "\n\n", "# deny", " # deny\n\t\n", "\0deny"])
def test_a_line_that_says_nothing(text: str) -> None:
    assert parse(text, "x.conf") == ((), ())


@pytest.mark.parametrize(
    ("text", "message", "column", "hint"),
    [
        ("dney from kernel", "unknown directive 'dney'", 1, "did you mean 'deny'?"),
        ("deny form kernel", "unknown condition 'form'", 6, "did you mean 'from'?"),
        ("deny from", "no value after 'from'", 10, "values are: kernel, uevent, user, boot"),
        ("deny from alias x", "no value after 'from'", 11, "values are: kernel, uevent, user, boot"),
        ("deny from kernel,usr", "unknown value 'usr' of 'from'", 18, "did you mean 'user'?"),
        ("deny from kernel,", "an empty value", 18, "write no comma at the start or end"),
        ("deny from kernel from user", "a second 'from'", 18, "write its values with commas between, or two lines"),
        ("deny alias a[b", "'[' without ']' in alias 'a[b'", 13, "write brackets in pairs"),
        ("deny uid x", "'x' is no user's number", 10, UIDS),
        ("deny uid 5-3", "the range '5-3' is empty", 10, "write 3-5"),
        ("deny uid 4294967296", "'4294967296' is no user's number", 10, UIDS),
        ("deny signature good", "unknown value 'good' of 'signature'", 16, "known are: " + ", ".join(SIGNATURES)),
        ("deny because ", "no text after 'because'", 14, ""),
        ("default", "the word after 'default' is missing", 8, "the form is: default allow|deny|audit"),
        ("mode on", "unknown word 'on'", 6, "the form is: mode enforce|permissive|audit"),
        ("mode audit x", "nothing stands after 'mode audit', but here is 'x'", 12, ""),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_of_with_its_place_and_cure(text: str, message: str, column: int, hint: str) -> None:
    facts, problems = parse(f"allow\n{text}\ndeny", "x.conf")
    assert [type(fact) for fact in facts] == [Rule, Rule]
    assert problems == (Problem(Origin("x.conf", 2), message, text, column, hint),)


WORD = st.one_of(
    st.sampled_from(
        (*WORDS, *CONDITIONS, *REQUESTERS, *SIGNATURES, *MODES, "default", "mode", "because", "#", ",", "[", "0-9")
    ),
    st.text(max_size=5),
)
LINES = st.lists(st.lists(WORD, max_size=6).map(" ".join), max_size=6).map("\n".join)


@given(LINES)
def test_any_text_is_read_and_each_line_gives_one_thing_at_most(text: str) -> None:
    facts, problems = parse(text, "x.conf")
    lines = [thing.origin.line for thing in (*facts, *problems)]
    assert len(set(lines)) == len(lines)
    assert all(0 < line <= text.count("\n") + 1 for line in lines)
    assert all(0 < problem.column <= len(problem.text) + 1 for problem in problems)
    assert [fact.origin.line for fact in facts] == sorted(fact.origin.line for fact in facts)


NAMES = st.lists(st.text("ab_*?", min_size=1, max_size=4), max_size=3, unique=True).map(tuple)
RULES = st.builds(
    Rule,
    st.sampled_from(WORDS),
    st.just(AT),
    st.lists(st.sampled_from(REQUESTERS), unique=True, max_size=2).map(tuple),
    NAMES,
    NAMES,
    st.lists(st.sampled_from(SIGNATURES), unique=True, max_size=2).map(tuple),
    st.lists(st.tuples(st.integers(0, 9), st.integers(10, 2**32 - 1)), max_size=2).map(tuple),
    st.sampled_from(("", "it is old")),
)


@given(RULES)
def test_a_rule_written_is_read_as_it_was(rule: Rule) -> None:
    values = {
        "from": rule.requesters,
        "alias": rule.aliases,
        "module": rule.modules,
        "signature": rule.signatures,
        "uid": [f"{low}-{high}" for low, high in rule.uids],
    }
    words = [rule.word, *[f"{key} {','.join(some)}" for key, some in values.items() if some]]
    because = [f"because {rule.because}"] if rule.because else []
    assert parse(" ".join([*words, *because]), "x.conf") == ((rule,), ())
