from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.names import EXTENSIONS, fold, fold_alias, is_module_path, name_from_path

ALIASES = st.text(alphabet="ab-_[]*?:", max_size=20)


@given(st.text(max_size=20))
def test_folding_is_idempotent_and_keeps_the_length(text: str) -> None:
    once = fold(text)
    assert fold(once) == once and len(once) == len(text)
    assert "-" not in once


@given(st.text(alphabet="a-_", max_size=20), st.text(alphabet="a-_", max_size=20))
def test_names_that_differ_in_dashes_only_fold_to_one(one: str, other: str) -> None:
    assert (fold(one) == fold(other)) is (one.replace("-", "_") == other.replace("-", "_"))


@given(ALIASES)
def test_folding_an_alias_changes_only_dashes_outside_brackets(text: str) -> None:
    try:
        folded = fold_alias(text)
    except FormatError as error:
        assert text[error.offset] in "[]"
        return
    assert fold_alias(folded) == folded
    inside = False
    for before, after in zip(text, folded, strict=True):
        inside = before == "[" or (inside and before != "]")
        assert after == ("_" if before == "-" and not inside else before)


@given(ALIASES)
def test_an_alias_is_refused_only_for_brackets_without_partner(text: str) -> None:
    inside = False
    fault = False
    for char in text:
        fault = fault or (char == "]" and not inside)
        inside = char != "]" if inside else char == "["
    try:
        fold_alias(text)
    except FormatError:
        assert fault or inside
    else:
        assert not fault and not inside


@given(st.text(alphabet="ab-_.[]", max_size=12))
def test_without_brackets_an_alias_folds_as_a_name(text: str) -> None:
    if "[" not in text and "]" not in text:
        assert str(fold_alias(text)) == str(fold(text))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("snd-hda.ko", "snd_hda"),
        ("/lib/modules/6.1/kernel/a-b/c-d.ko.zst", "c_d"),
        ("a.b.ko", "a"),
        ("plain", "plain"),
        (".ko", ""),
        ("a/", ""),
        ("", ""),
    ],
)
def test_names_from_paths(path: str, name: str) -> None:
    assert name_from_path(path) == name


@given(st.text(alphabet="ab-_/", max_size=12), st.sampled_from(EXTENSIONS))
def test_the_ending_does_not_matter_to_the_name(stem: str, ending: str) -> None:
    assert name_from_path(stem + ending) == fold(stem.rsplit("/", 1)[-1])
    assert is_module_path(stem + ending)


@pytest.mark.parametrize("path", ["a.o", "a.ko.bz2", "a.ko.", "ako", "a.KO", "a.ko/b", ""])
def test_what_is_no_module_path(path: str) -> None:
    assert not is_module_path(path)
