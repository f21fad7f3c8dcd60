from __future__ import annotations

import json

from lkm.report.sarif import Row, log_of, pages_of

ROWS = [
    Row("b", "error", "x", "/f f", "kb", related=(("/g", 7, "see"),), properties=(("errno", "ENOENT"),)),
    Row("a", "note", "y", "g", "k1", 3, 5),
    Row("a", "note", "z", "g", "k2", 3),
]


def test_results_and_rules() -> None:
    log = json.loads(log_of(ROWS, {"a": "A title\n\nThe ``body``.\n"}))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["shortDescription"]["text"]) for rule in rules] == [
        ("a", "A title"),
        ("b", "What cannot be told, as evidence of the kernel is missing."),
    ]
    assert rules[0]["help"]["markdown"] == "The `body`."
    assert [(r["ruleId"], r["ruleIndex"], r["level"]) for r in run["results"]] == [
        *(("b", 1, "error"), ("a", 0, "note"), ("a", 0, "note")),
    ]
    assert [r["partialFingerprints"] for r in run["results"]] == [{"lkmFinding/v1": k} for k in ("kb", "k1", "k2")]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["file:///f%20f", "g", "g"]
    assert [place["region"] for place in places] == [
        *({"startLine": 1}, {"startLine": 3, "startColumn": 5}, {"startLine": 3})
    ]
    assert run["results"][0]["properties"] == {"errno": "ENOENT"}
    (related,) = run["results"][0]["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 7}
    assert "relatedLocations" not in run["results"][1]


def test_pages_are_docstrings_by_code() -> None:
    assert pages_of("lkm.lint.rules", ["dos_line_ends"])["dos-line-ends"].strip()
