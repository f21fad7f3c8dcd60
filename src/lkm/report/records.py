r"""Records as JSON and back. The annotations of a record are the form: nothing else has to be told.

>>> from lkm.origin import Origin
>>> to_object(Origin("x.conf", 3))
{'file': 'x.conf', 'line': 3, 'word': ''}
>>> from_object("Origin", {"file": "x.conf", "line": 3, "later": True})
Origin(file='x.conf', line=3, word='')
>>> from_object("tuple[Origin, ...]", [{"file": "x.conf"}, {"file": 5}])
Traceback (most recent call last):
lkm.errors.FormatError: [1].file: a text is expected, not 5

Bytes are hexadecimal, sets sorted lists. Fields that are not known are passed over, so that fields can be added;
missing ones have their defaults. The types are plain ones, the nouns below, tuples, mappings from text, sets of text,
and any of these or None.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set

from lkm.config import nouns as config
from lkm.diagnose import evidence, finding, saved
from lkm.errors import FormatError
from lkm.modfile import nouns as modfile
from lkm.origin import Origin, Problem
from lkm.record import Record
from lkm.state import devices, users
from lkm.state import nouns as state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLAIN = {"str": (str, "a text"), "int": (int, "a number"), "bool": (bool, "true or false")}
#: Other names of types.
_ALIASES = {"ModuleName": "str", "AliasPattern": "str", "Tree": "SavedTree"}
_ROOMS = (config, evidence, finding, saved, modfile, state, users, devices)
NOUNS: dict[str, type[Record]] = {
    noun.__name__: noun
    for noun in (Origin, Problem, *[each for room in _ROOMS for each in vars(room).values()])
    if isinstance(noun, type) and issubclass(noun, Record) and noun is not Record
}


def to_object(value: object) -> object:
    """Return a record, or what is in one, as JSON has it."""
    if isinstance(value, Record):
        return {name: to_object(each) for name, each in value._asdict().items()}
    if isinstance(value, Mapping):
        return {key: to_object(value[key]) for key in sorted(value)}
    if isinstance(value, Set):
        return sorted(value)
    if isinstance(value, tuple):
        return [to_object(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


def from_object(form: str, value: object) -> Any:
    """Return what an annotation promises, made of JSON. Raises FormatError that tells the place."""
    return _read(ast.parse(form, mode="eval").body, value, "")


def _read(form: ast.expr, value: object, at: str) -> Any:
    if isinstance(form, ast.BinOp):  # X | None
        return None if value is None else _read(form.left, value, at)
    if isinstance(form, ast.Subscript):
        return _several(form, value, at)
    assert isinstance(form, ast.Name)
    name = _ALIASES.get(form.id, form.id)
    if name in _PLAIN:
        kind, words = _PLAIN[name]
        if type(value) is not kind:
            raise _wrong(at, words, value)
        return value
    if name == "bytes":
        try:
            return bytes.fromhex(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise _wrong(at, "bytes as hexadecimal text", value) from None
    return _noun(NOUNS[name], value, at)


def _several(form: ast.Subscript, value: object, at: str) -> Any:
    assert isinstance(form.value, ast.Name)
    inside = form.slice.elts if isinstance(form.slice, ast.Tuple) else [form.slice]
    if form.value.id == "Mapping":
        if not isinstance(value, dict):
            raise _wrong(at, "an object", value)
        return {key: _read(inside[1], each, f"{at}.{key}") for key, each in value.items()}
    if not isinstance(value, list):
        raise _wrong(at, "a list", value)
    if form.value.id == "frozenset" or isinstance(inside[-1], ast.Constant):  # tuple[X, ...]
        each = [_read(inside[0], one, f"{at}[{number}]") for number, one in enumerate(value)]
        return frozenset(each) if form.value.id == "frozenset" else tuple(each)
    if len(value) != len(inside):
        raise _wrong(at, f"a list of {len(inside)}", value)
    return tuple([_read(part, one, f"{at}[{i}]") for i, (part, one) in enumerate(zip(inside, value, strict=True))])


def _noun(noun: type[Record], value: object, at: str) -> Record:
    if not isinstance(value, dict):
        raise _wrong(at, "an object", value)
    fields = {}
    for field in noun._fields:
        if field in value:
            form = ast.parse(_annotation(noun, field), mode="eval").body
            fields[field] = _read(form, value[field], f"{at}.{field}".removeprefix("."))
        elif field not in noun._defaults:
            raise FormatError(f"{at or 'the object'}: it has no '{field}'")
    return noun(**fields)


def _annotation(noun: type[Record], field: str) -> str:
    return next(str(base.__annotations__[field]) for base in noun.__mro__ if field in base.__annotations__)


def _wrong(at: str, wanted: str, value: object) -> FormatError:
    shown = repr(value)
    return FormatError(f"{at or 'the whole'}: {wanted} is expected, not {shown[:40]}{'...' * (len(shown) > 40)}")


def schema(form: str, known: dict[str, object]) -> dict[str, object]:
    """Return the JSON Schema of an annotation; ``known`` gets those of the nouns in it."""
    return _schema(ast.parse(form, mode="eval").body, known)


def _schema(form: ast.expr, known: dict[str, object]) -> dict[str, object]:
    if isinstance(form, ast.BinOp):
        return {"anyOf": [_schema(form.left, known), {"type": "null"}]}
    if isinstance(form, ast.Subscript):
        assert isinstance(form.value, ast.Name)
        inside = form.slice.elts if isinstance(form.slice, ast.Tuple) else [form.slice]
        if form.value.id == "Mapping":
            return {"type": "object", "additionalProperties": _schema(inside[1], known)}
        if form.value.id == "frozenset" or isinstance(inside[-1], ast.Constant):
            return {"type": "array", "items": _schema(inside[0], known)}
        items = [_schema(part, known) for part in inside]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    assert isinstance(form, ast.Name)
    name = _ALIASES.get(form.id, form.id)
    plain = {"str": "string", "int": "integer", "bool": "boolean"}
    if name in plain:
        return {"type": plain[name]}
    if name == "bytes":
        return {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
    if name in NOUNS and name not in known:
        noun = NOUNS[name]
        known[name] = {}  # a noun may be in itself
        parts = {field: schema(_annotation(noun, field), known) for field in noun._fields}
        required = [field for field in noun._fields if field not in noun._defaults]
        known[name] = {"type": "object", "properties": parts, "required": required}
    return {"$ref": f"#/$defs/{name}"} if name in NOUNS else {}
