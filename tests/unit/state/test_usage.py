from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.usage import Link, Sample, ends_links, link_message, parse_links

DONE = b"\x14\0\0\0\x03\0\x02\0" + bytes(12)


def test_an_answer_in_parts() -> None:
    part = link_message(2, "eth0", "", up=True) + link_message(3, "v.1", "vlan", up=False)
    assert parse_links(part) == (Link("eth0", "", True), Link("v.1", "vlan", False))
    assert not ends_links(part)
    assert parse_links(part + DONE) == parse_links(part)
    assert ends_links(part + DONE)
    assert ends_links(b"")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15)


@given(st.lists(st.builds(Link, NAMES, NAMES | st.just(""), st.booleans())))
def test_each_link_is_read_as_it_was_written(links: list[Link]) -> None:
    data = b"".join([link_message(at, link.name, link.kind, up=link.up) for at, link in enumerate(links)])
    assert parse_links(data) == tuple(links)


@given(st.binary() | st.integers(0, 200).map(lambda n: (link_message(1, "dummy0", "dummy", up=True) * 3)[:n]))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    parse_links(data)
    ends_links(data)


def test_uses_are_counted_without_those_by_modules() -> None:
    assert Sample("m", 1, 3, ("a", "b")).counted == 1
    assert not Sample("m", 1, 2, ("a", "b")).in_use
    assert not Sample("m", 1, -1).in_use
    assert not Sample("m", 1, 1, live=False).in_use
    assert Sample("m", 1, interfaces=("eth0",)).in_use
