from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.modprobe import parse
from lkm.config.nouns import Options
from lkm.config.parameters import combined, parameter, parameters


def text(*lines: str) -> str:
    facts, problems = parse("\n".join(f"options m {line}" for line in lines), "x")
    assert not problems
    return combined([fact for fact in facts if isinstance(fact, Options)])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a=1", "+= a=2"], "a=1,2"),
        (["a=1", "a=2", "+= a=3"], "a=1 a=2,3"),
        (["a-b=1", "+= a_b=2"], "a_b=1,2"),
        (["+= a=1", "+= a=2"], "a=1,2"),
        (["flag", "+= flag", "+= a"], "flag flag a"),
        (["a", "+= a=1"], "a a=1"),
        (['a="x y"', "+= a=z"], 'a="x y,z"'),
        (['"a=x y"', "+= a=z"], 'a="x y,z"'),
        (["a=", "+= a=1"], "a=1"),
        (["a=1", "+= a=2", "a=3"], "a=1,2 a=3"),
    ],
)
def test_what_extending_gives(lines: list[str], expected: str) -> None:
    assert text(*lines) == expected


@given(st.lists(st.text(alphabet='ab=" ,-', max_size=12)))
def test_plain_options_stay_as_they_are(texts: list[str]) -> None:
    facts = [fact for t in texts for fact in parse(f"options m {t}", "x")[0] if isinstance(fact, Options)]
    words = [word for fact in facts for word in parameters(fact.text)]
    assert combined(facts) == " ".join(words)
    for word in words:
        parameter(word)


@given(st.lists(st.sampled_from(["1", "2", "x y"]), min_size=1))
def test_the_values_of_one_parameter_come_in_order(values: list[str]) -> None:
    lines = [f'+= a="{value}"' for value in values]
    assert parameter(text(*lines)) == ("a", ",".join(values))
