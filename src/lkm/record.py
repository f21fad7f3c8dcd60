"""Immutable nouns without the start-up price of ``dataclasses`` or ``typing``.

Importing ``dataclasses`` costs more than all the work of a ``modprobe -n`` (it pulls in ``inspect``), so the
nouns of this package are made by this small metaclass. For the type checker they are frozen dataclasses.

>>> class Point(Record):
...     x: int
...     y: int = 0
>>> Point(1)
Point(x=1, y=0)
>>> Point(1) == Point(x=1, y=0), hash(Point(1)) == hash(Point(1))
(True, True)
>>> Point(1)._replace(y=5)
Point(x=1, y=5)
>>> Point(1).x = 3
Traceback (most recent call last):
AttributeError: Point is immutable
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_kwargs):
        """Stand in at run time for the marker that only type checkers read."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True, eq_default=True)
class RecordType(type):
    """Turns annotated names into slots, and their values into defaults. Subclasses add fields at the end."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> RecordType:
        """Make the class; raises TypeError when a field without default follows one with a default."""
        own = tuple(f for f in namespace.get("__annotations__", ()) if not f.startswith("__"))
        fields: tuple[str, ...] = ()
        defaults: dict[str, Any] = {}
        for base in bases:
            fields += getattr(base, "_fields", ())
            defaults.update(getattr(base, "_defaults", {}))
        for field in own:
            if field in namespace:
                defaults[field] = namespace.pop(field)
            elif defaults:
                raise TypeError(f"{name}.{field}: a field without default follows one with a default")
        namespace["__slots__"] = own
        namespace["_fields"] = fields + own
        namespace["_defaults"] = defaults
        namespace.setdefault("__match_args__", fields + own)
        return super().__new__(mcs, name, bases, namespace)


class Record(metaclass=RecordType):
    """Base of all nouns: compared, hashed and printed by value; never changed after it is made."""

    if TYPE_CHECKING:
        _fields: ClassVar[tuple[str, ...]]
        _defaults: ClassVar[dict[str, Any]]
    else:

        def __init__(self, *args, **kwargs):
            fields = self._fields
            if len(args) > len(fields):
                raise TypeError(f"{type(self).__name__}: {len(args)} values for {len(fields)} fields")
            put = object.__setattr__
            for field, value in zip(fields, args, strict=False):
                put(self, field, value)
            for field in fields[len(args) :]:
                if field in kwargs:
                    put(self, field, kwargs.pop(field))
                elif field in self._defaults:
                    put(self, field, self._defaults[field])
                else:
                    raise TypeError(f"{type(self).__name__}: no value for {field}")
            if kwargs:
                raise TypeError(f"{type(self).__name__}: no such field, or given twice: {', '.join(kwargs)}")

    def _values(self) -> tuple[Any, ...]:
        """Return the values in the order of the fields."""
        return tuple([getattr(self, field) for field in self._fields])

    def _asdict(self) -> dict[str, Any]:
        """Return field names and values, one level deep."""
        return dict(zip(self._fields, self._values(), strict=True))

    def _replace(self, **changes: Any) -> Self:
        """Return a copy in which the named fields have other values."""
        return type(self)(**{**self._asdict(), **changes})

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), self._values()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        inside = ", ".join(f"{f}={getattr(self, f)!r}" for f in self._fields)
        return f"{type(self).__name__}({inside})"
