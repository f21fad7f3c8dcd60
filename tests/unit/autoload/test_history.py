from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.history import Filter, line, parse
from lkm.autoload.nouns import ALLOW, DENY, KERNEL, REQUESTERS, USER, VERDICTS, Entry, Outcome, Request, Verdict
from lkm.origin import Origin

# Bytes that are no UTF-8 come as U+DC80 to U+DCFF; other surrogates come from nowhere.
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
TIMES = st.integers(0, 2**51).map(lambda micro: round(micro / 1e6, 6))
ENTRIES = st.builds(
    Entry,
    st.builds(
        Request,
        TEXT,
        st.sampled_from(REQUESTERS),
        TIMES,
        st.integers(-1, 2**22),
        st.integers(-1, 2**32 - 1),
        TEXT,
        st.booleans(),
    ),
    st.builds(
        Verdict,
        st.sampled_from(VERDICTS),
        TEXT,
        st.none() | st.builds(Origin, TEXT.filter(bool), st.integers(0, 10**6)),
    ),
    st.none()
    | st.builds(
        Outcome, st.integers(0, 255), TEXT, st.lists(TEXT, max_size=3).map(tuple), TEXT, TIMES, st.booleans()
    ),
)


@given(ENTRIES)
def test_what_is_written_is_read_as_it_was(entry: Entry) -> None:
    text = line(entry)
    assert text.isascii() and "\n" not in text
    assert parse(text) == entry


@given(ENTRIES, st.data())
def test_no_part_of_a_line_is_taken_for_a_line(entry: Entry, data: st.DataObject) -> None:
    text = line(entry)
    assert parse(text[: data.draw(st.integers(0, len(text) - 1))]) is None
    assert parse(text + text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


FIELDS = sorted(json.loads(line(Entry(Request("a", KERNEL, 0.0), Verdict(ALLOW), Outcome(0, "")))))


@given(ENTRIES, st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_fields_of_any_type_break_nothing(entry: Entry, odd: dict[str, object]) -> None:
    found = parse(json.dumps(json.loads(line(entry)) | odd))
    if found is not None:
        assert parse(line(found)) is not None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert parse(text) is None


def test_unknown_fields_are_ignored_and_missing_ones_have_defaults() -> None:
    found = parse('{"at": 1, "requester": "kernel", "alias": "x", "verdict": "deny", "new": 1}')
    assert found == Entry(Request("x", KERNEL, 1.0, autoclean=False), Verdict(DENY))


ENTRY = Entry(Request("net-pf-21", USER, 100.0, uid=7), Verdict(ALLOW), Outcome(1, "symbols", ("rds_rdma",)))


@pytest.mark.parametrize(
    ("which", "wanted"),
    [
        (Filter(), True),
        (Filter(since=100.0, until=100.0), True),
        (Filter(since=100.5), False),
        (Filter(until=99.0), False),
        (Filter(alias="net_pf_*"), True),
        (Filter(alias="rds-*"), True),
        (Filter(alias="rds"), False),
        (Filter(alias="a[b"), False),
        (Filter(requester=USER, verdict=ALLOW, failed=True), True),
        (Filter(requester=KERNEL), False),
        (Filter(verdict=DENY), False),
    ],
)
def test_a_filter(which: Filter, wanted: bool) -> None:
    assert which.wants(ENTRY) is wanted
    assert not Filter(failed=True).wants(ENTRY._replace(outcome=None))
    assert not Filter(failed=True).wants(ENTRY._replace(outcome=Outcome(0, "done")))
