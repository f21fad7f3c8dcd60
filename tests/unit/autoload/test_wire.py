"""Frames: every message comes back, however the bytes are cut; nothing that comes in is held without bound."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.nouns import Outcome
from lkm.autoload.wire import MAX_ALIAS, MAX_FRAME, Answer, Ask, Fault, Frames, Message, decode, encode
from lkm.errors import FormatError

# Whatever bytes may be, as Python reads them.
texts = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))
some = texts.filter(bool)
marks = st.text(min_size=1, max_size=20)
seconds = st.integers(0, 10**9).map(lambda n: n / 10**6)
names = st.lists(st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True), max_size=20).map(tuple)
asks = st.builds(Ask, marks, some, st.booleans(), st.booleans())
outcomes = st.builds(Outcome, st.integers(0, 255), texts, names, texts, seconds, st.booleans())
messages = st.one_of(asks, st.builds(Answer, marks, outcomes), st.builds(Fault, marks | st.just(""), texts))


@given(st.lists(messages, max_size=5), st.lists(st.integers(0, 2000), max_size=6))
def test_what_is_sent_comes_in_however_it_is_cut(sent: list[Message], cuts: list[int]) -> None:
    data = b"".join(encode(message) for message in sent)
    places = sorted({0, len(data), *[cut for cut in cuts if cut < len(data)]})
    frames = Frames()
    got = [m for a, b in itertools.pairwise(places) for m in frames.feed(data[a:b])]
    assert got == sent and not frames.held


@given(messages)
def test_a_frame_is_a_line_within_its_bound(message: Message) -> None:
    frame = encode(message)
    assert frame.endswith(b"\n") and frame.count(b"\n") == 1 and b"\0" not in frame and len(frame) <= MAX_FRAME


@given(st.lists(st.binary(max_size=4000), max_size=12))
def test_any_bytes_give_messages_or_a_clear_fault_and_little_is_held(chunks: list[bytes]) -> None:
    frames = Frames()
    for chunk in chunks:
        try:
            frames.feed(chunk)
        except FormatError as error:
            assert error.what
            break
        assert frames.held < MAX_FRAME


@given(asks.map(encode), st.data())
def test_a_changed_byte_never_raises_anything_else(frame: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(frame) - 2))
    changed = frame[:at] + bytes([data.draw(st.integers(0, 255))]) + frame[at + 1 :]
    try:
        Frames().feed(changed)
    except FormatError as error:
        assert error.what


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "frames start with lkm1"),
        (b"GET / HTTP/1.1", "frames start with lkm1, this one with 'GET / HTTP/1.1'"),
        (b"lkm2\task\t1\t\tx", "this one with 'lkm2'"),
        (b"lkm1", "there is no frame ''"),
        (b"lkm1\task\t1", "there is no frame 'ask' of 3 fields"),
        (b"lkm1\task\t1\t\t", "the alias is empty"),
        (b"lkm1\task\t\t\tx", "mark has 1 to 64"),
        (b"lkm1\task\t1\t\t" + b"x" * (MAX_ALIAS + 1), "longer than 4095 bytes"),
        (b"lkm1\task\t1\t\ta\\b", "a backslash before 'b'"),
        (b"lkm1\task\t1\t\ta\\", "a backslash before ''"),
        (b"lkm1\toutcome\t1\tx\tdone\t0\t1.0\t\t", "status 'x'"),
    ],
)
def test_what_is_wrong_is_told(line: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        decode(line)


def test_a_frame_that_never_ends_is_cut_off() -> None:
    frames = Frames()
    frames.feed(b"x" * (MAX_FRAME - 1))
    with pytest.raises(FormatError, match="longer than 9000 bytes"):
        frames.feed(b"x")


def test_long_answers_are_cut_at_whole_names_and_later_fields_passed_over() -> None:
    many = tuple(f"module{n:04}" for n in range(2000))
    frame = encode(Answer("1", Outcome(0, "done", many, "x" * 5000)))
    assert len(frame) <= MAX_FRAME
    got = decode(frame[:-1] + b"\tmore")
    assert isinstance(got, Answer) and got.outcome.modules == many[: len(got.outcome.modules)]
    assert len(got.outcome.text) == 1000


def test_questions_that_cannot_be_asked() -> None:
    with pytest.raises(FormatError, match="longer than"):
        encode(Ask("1", "x" * 5000))
