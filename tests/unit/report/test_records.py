from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.nouns import Dropped
from lkm.diagnose.evidence import Evidence
from lkm.errors import FormatError
from lkm.record import Record
from lkm.report.records import _ALIASES, _PLAIN, NOUNS, from_object, schema, to_object

#: Text as file names have it: bytes that are no UTF-8 too.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.just("\udcff")


def values(form: ast.expr) -> st.SearchStrategy[object]:
    """Return what draws values of an annotation."""
    if isinstance(form, ast.BinOp):
        return st.none() | values(form.left)
    if isinstance(form, ast.Subscript):
        assert isinstance(form.value, ast.Name)
        inside = form.slice.elts if isinstance(form.slice, ast.Tuple) else [form.slice]
        if form.value.id == "Mapping":
            return st.dictionaries(TEXT, values(inside[1]), max_size=2)
        if form.value.id == "frozenset":
            return st.frozensets(TEXT, max_size=2)
        if isinstance(inside[-1], ast.Constant):
            return st.lists(values(inside[0]), max_size=2).map(tuple)
        return st.tuples(*[values(part) for part in inside])
    assert isinstance(form, ast.Name)
    name = _ALIASES.get(form.id, form.id)
    plain = {"str": TEXT, "int": st.integers(), "bool": st.booleans(), "bytes": st.binary(max_size=4)}
    return plain[name] if name in plain else records(NOUNS[name])


def records(noun: type[Record]) -> st.SearchStrategy[Record]:
    forms = {
        field: next(base.__annotations__[field] for base in noun.__mro__ if field in base.__annotations__)
        for field in noun._fields
        if (noun.__name__, field) != ("Settings", "dropped")
    }
    drawn = {field: values(ast.parse(form, mode="eval").body) for field, form in forms.items()}
    return (
        st.fixed_dictionaries({}, optional=drawn)
        .flatmap(lambda given: st.just(given) if _complete(noun, given) else st.fixed_dictionaries(drawn))
        .map(lambda fields: noun(**fields))
    )


def _complete(noun: type[Record], given: dict[str, object]) -> bool:
    return all(field in given or field in noun._defaults for field in noun._fields)


@given(records(Evidence))
def test_what_is_written_is_read_again(evidence: Record) -> None:
    assert from_object("Evidence", to_object(evidence)) == evidence


@pytest.mark.parametrize(
    ("form", "value", "what"),
    [
        ("int", True, "the whole: a number is expected, not True"),
        ("bool", 1, "the whole: true or false is expected, not 1"),
        ("str", None, "the whole: a text is expected, not None"),
        ("bytes", "zz", "the whole: bytes as hexadecimal text is expected, not 'zz'"),
        ("bytes", 5, "the whole: bytes as hexadecimal text is expected, not 5"),
        ("tuple[str, ...]", "ab", "the whole: a list is expected, not 'ab'"),
        ("tuple[str, int]", ["a"], "the whole: a list of 2 is expected, not ['a']"),
        ("tuple[str, int]", ["a", "b"], "[1]: a number is expected, not 'b'"),
        ("Mapping[str, int]", [], "the whole: an object is expected, not []"),
        ("Mapping[str, int]", {"a": {}}, ".a: a number is expected, not {}"),
        ("frozenset[str]", [["a"]], "[0]: a text is expected, not ['a']"),
        ("Origin", {}, "the object: it has no 'file'"),
        ("Origin", 3, "the whole: an object is expected, not 3"),
        ("Evidence", {"attempt": {"status": "x" * 99}}, f"attempt.status: a number is expected, not '{'x' * 39}..."),
    ],
)
def test_what_is_no_such_value(form: str, value: object, what: str) -> None:
    with pytest.raises(FormatError) as caught:
        from_object(form, value)
    assert caught.value.what == what


def test_every_annotation_of_every_noun_is_understood() -> None:
    for noun in NOUNS.values():
        if noun is not Dropped:  # its directive may be of any kind; none is ever kept
            schema(noun.__name__, {})
    assert set(_PLAIN) == {"str", "int", "bool"}
