from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.kmsg import parse_kmsg, parse_record, unescape
from lkm.state.nouns import LogRecord


def test_records_with_properties_facility_and_more_fields() -> None:
    text = (
        "6,339,5140900,-,caller=T1;NET: Registered\n SUBSYSTEM=net\n DEVICE=+net:x\n30,340,5690716,c;udevd[80]: hi\n"
    )
    records, problems = parse_kmsg(text)
    assert problems == ()
    assert records == (
        LogRecord(6, 339, 5140900, "NET: Registered"),
        LogRecord(6, 340, 5690716, "udevd[80]: hi", facility=3),
    )


def test_junk_is_a_problem() -> None:
    records, problems = parse_kmsg("4,1,2,-;ok\nx,1,2,-;no\n4,1;no\nno\n-4,1,2,-;no\n")
    assert [r.text for r in records] == ["ok"]
    assert [p.origin.line for p in problems] == [2, 3, 4, 5]


def test_semicolons_belong_to_the_text() -> None:
    record = parse_record("4,1,2,-;a;b, c")
    assert record is not None and record.text == "a;b, c"


def escape(data: bytes) -> str:
    """Write text as the kernel does (kernel/printk/printk.c: append_char and its caller)."""
    return "".join(chr(b) if 32 <= b < 127 and b != 0x5C else f"\\x{b:02x}" for b in data)


@given(st.binary())
def test_what_the_kernel_escapes_is_read_back(data: bytes) -> None:
    assert unescape(escape(data)).encode("utf-8", "surrogateescape") == data


@given(st.text(r"\x0a1fg z") | st.text())
def test_any_text_can_be_unescaped(text: str) -> None:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    assert isinstance(unescape(text), str)


@given(st.text(st.characters(codec="utf-8")))
def test_every_line_of_any_text_is_read_or_a_problem(text: str) -> None:
    records, problems = parse_kmsg(text)
    assert len(records) + len(problems) == sum(1 for line in text.split("\n") if line and line[0] != " ")
