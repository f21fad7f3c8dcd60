from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence
from lkm.diagnose.saved import examined
from lkm.errors import FormatError
from lkm.report import incident
from lkm.report.incident import Failure, Incident, json_schema, parse, text_of
from tests.unit.diagnose.test_laws import evidences
from tests.unit.report.test_records import records

SHIPPED = Path(incident.__file__).with_name("lkm-incident-1.schema.json")


def one(evidence: Evidence) -> Incident:
    failure = Failure("msdos", "it failed", evidence, "00ff")
    return Incident("insmod", ("a.ko", "b=1"), "0.1", "3.11", "Linux", 1, (failure,))


@given(records(Evidence))
def test_a_file_that_is_read_again_is_the_same(evidence: Any) -> None:
    text = text_of(one(evidence))
    assert parse(text, "f") == one(evidence)
    assert text_of(parse(text, "f")) == text and text.isascii()


@given(evidences)
def test_what_was_found_is_found_again_in_the_file(evidence: Evidence) -> None:
    found, kept = examined(evidence)
    assert found == diagnose(evidence)
    assert diagnose(parse(text_of(one(kept)), "f").failures[0].evidence) == found


@given(records(Evidence))
def test_what_is_written_is_as_the_schema_says(evidence: Any) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(text_of(one(evidence))))


def test_the_shipped_schema_is_that_of_the_nouns() -> None:
    """`python scripts/incident_schema.py` writes it; within lkm-incident/1 fields may be added only."""
    assert json.loads(SHIPPED.read_text()) == json_schema()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "this is no incident: it is not JSON"),
        ("[" * 100_000, "this is no incident: it is not JSON"),
        ("[]", "its schema is None"),
        ('{"schema": "lkm/1"}', "its schema is 'lkm/1'"),
        ('{"schema": "lkm-incident/1"}', "this incident is damaged: the object: it has no 'tool'"),
        (text_of(one(Evidence())).replace('"when": 1', '"when": "now"'), "damaged: when: a number is expected"),
        (
            text_of(one(Evidence())).replace('"status": 0', '"status": []'),
            "failures[0].evidence.attempt.status: a numb",
        ),
    ],
)
def test_files_that_are_none(text: str, what: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(text, "the/file")
    assert what in caught.value.what and caught.value.where == "the/file" and "--incident FILE" in caught.value.hint


def test_fields_of_a_later_version_are_passed_over() -> None:
    value = json.loads(text_of(one(Evidence())))
    value["later"] = value["failures"][0]["evidence"]["later"] = 5
    assert parse(json.dumps(value), "f") == one(Evidence())
