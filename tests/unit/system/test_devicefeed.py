"""Names on their way to the engine: each once, few at a time, again after busy; none lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.nouns import Outcome
from lkm.system.devicefeed import MOST, OPEN, Feed


@given(st.lists(st.lists(st.integers(0, 60), max_size=40), max_size=4), st.randoms(use_true_random=False))
def test_each_is_asked_for_and_never_more_than_so_many(batches: list[list[int]], chance: object) -> None:
    asked: list[str] = []
    waiting: list[Callable[[Outcome], None]] = []

    def ask(name: str, answer: Callable[[Outcome], None]) -> None:
        asked.append(name)
        waiting.append(answer)
        assert len(waiting) <= OPEN

    async def run() -> None:
        feed = Feed(ask, lambda name: int(name) % 3 != 0, asyncio.get_running_loop())
        ends: list[int] = []
        feed.finished = lambda: ends.append(len(asked))
        for batch in batches:
            assert feed.add([str(number) for number in batch])
            await asyncio.sleep(0)
        while feed.busy:
            await asyncio.sleep(0)
            if waiting:
                waiting.pop(chance.randrange(len(waiting)))(Outcome(0, "done"))  # type: ignore[attr-defined]
        for _ in range(5):
            await asyncio.sleep(0)
        assert not any(batches) or ends

    asyncio.run(run())
    assert set(asked) == {str(number) for batch in batches for number in batch if number % 3}


def test_busy_is_asked_again_and_stop_forgets() -> None:
    asked: list[str] = []

    async def run() -> None:
        def ask(name: str, answer: Callable[[Outcome], None]) -> None:
            asked.append(name)
            answer(Outcome(21, "busy") if len(asked) == 1 else Outcome(0, "done"))

        feed = Feed(ask, lambda _: True, asyncio.get_running_loop())
        feed.add(["a"])
        while feed.busy:
            await asyncio.sleep(0.01)
        feed.add(["b"])
        feed.stop()
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert asked == ["a", "a"]


def test_too_many_are_refused_as_a_whole() -> None:
    async def run() -> None:
        feed = Feed(lambda *_: None, lambda _: True, asyncio.get_running_loop())
        assert not feed.add([str(number) for number in range(MOST + 1)])
        assert not feed.busy

    asyncio.run(run())
