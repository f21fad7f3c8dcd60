"""The schema of ``--json`` for tests: the shipped one, closed, so that a field that it does not tell of fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from lkm.report import document

PATH = Path(document.__file__).with_name("lkm-1.schema.json")


def _closed(part: Any) -> Any:
    if isinstance(part, dict):
        closed = {key: _closed(value) for key, value in part.items()}
        return {"additionalProperties": False, **closed} if "properties" in part and "type" in part else closed
    return [_closed(each) for each in part] if isinstance(part, list) else part


SHIPPED = json.loads(PATH.read_text())
_VALIDATOR = jsonschema.Draft202012Validator(_closed(SHIPPED))


def check(text: str) -> Any:
    """Return the object that a tool answered with; raises ValidationError when it is not as the schema says."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    answer = json.loads(lines[0])
    variants = [v for v in _VALIDATOR.schema["oneOf"] if answer["tool"] in v["properties"]["tool"]["enum"]]
    assert len(variants) == 1
    # The one for this tool alone: its faults are told in detail, those of oneOf are not.
    jsonschema.Draft202012Validator({**variants[0], "$defs": _VALIDATOR.schema["$defs"]}).validate(answer)
    _VALIDATOR.validate(answer)
    return answer
