from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.record import Record, RecordType


class Point(Record):
    x: int
    y: int = 0


class Other(Record):
    x: int
    y: int = 0


class Solid(Point):
    z: int = 5


class Shouting(Record):
    text: str

    @property
    def loud(self) -> str:
        return self.text.upper()


NUMBERS = st.integers(-3, 3)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_equal_values_are_equal_and_hash_alike(a: int, b: int, c: int, d: int) -> None:
    one, other = Point(a, b), Point(c, d)
    assert (one == other) is ((a, b) == (c, d))
    assert one != other or hash(one) == hash(other)
    assert len({one, other}) == (1 if one == other else 2)


def test_values_may_be_given_by_place_or_name_or_default() -> None:
    assert Point(1) == Point(1, 0) == Point(x=1) == Point(1, y=0) == Point(y=0, x=1)
    assert Solid(1, 2) == Solid(x=1, y=2, z=5)
    assert (Solid(1, 2, 3).x, Solid(1, 2, 3).y, Solid(1, 2, 3).z) == (1, 2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Point(1, 2, 3), "Point: 3 values for 2 fields"),  # type: ignore[call-arg]
        (lambda: Point(), "Point: no value for x"),  # type: ignore[call-arg]
        (lambda: Point(1, x=1), "Point: no such field, or given twice: x"),  # type: ignore[misc]
        (lambda: Point(1, q=1), "Point: no such field, or given twice: q"),  # type: ignore[call-arg]
    ],
)
def test_wrong_values_are_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == message


def test_records_of_different_classes_are_never_equal() -> None:
    assert Point(1) != Other(1)
    assert Point(1) != (1, 0)
    assert Solid(1, 2) != Point(1, 2)
    assert hash(Point(1)) != hash(Other(1))


def test_nothing_can_be_changed_added_or_deleted() -> None:
    point = Point(1)
    for name in ("x", "new"):
        with pytest.raises(AttributeError, match="Point is immutable"):
            setattr(point, name, 2)
    with pytest.raises(AttributeError, match="Point is immutable"):
        del point.x
    assert point == Point(1)
    assert not hasattr(point, "__dict__")


def test_replace_makes_another() -> None:
    point = Point(1, 2)
    assert point._replace(y=3) == Point(1, 3)
    assert point._replace() == point == Point(1, 2)
    with pytest.raises(TypeError, match="no such field"):
        point._replace(q=1)


def test_copies_and_pickles_are_equal() -> None:
    solid = Solid(1, 2, 3)
    assert pickle.loads(pickle.dumps(solid)) == solid
    assert copy.deepcopy(solid) == solid


def test_what_it_looks_like() -> None:
    assert repr(Solid(1, y=2)) == "Solid(x=1, y=2, z=5)"
    assert Solid(1)._asdict() == {"x": 1, "y": 0, "z": 5}
    assert Shouting("a").loud == "A"


def test_it_can_be_matched() -> None:
    match Point(1, 2):
        case Point(1, second):
            assert second == 2
        case _:
            raise AssertionError


def test_a_field_without_default_may_not_follow_one_with() -> None:
    fields = {"__annotations__": {"a": "int", "b": "int"}, "a": 1}
    with pytest.raises(TypeError, match=r"Bad\.b: a field without default follows one with a default"):
        RecordType("Bad", (Record,), fields)
