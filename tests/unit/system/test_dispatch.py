"""The engine's driver: workers do what it starts, kills what hangs, and errands go one at a time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lkm.autoload.engine import Engine
from lkm.autoload.events import Limits
from lkm.autoload.nouns import ALLOW, DENY, USER, Entry, Outcome, Request, Verdict
from lkm.system.dispatch import DIED, Dispatch


def make() -> Callable[[Any], Any]:
    def do(payload: Any) -> Any:
        if payload == "hang":
            signal.pause()
        if not isinstance(payload, str):  # a Remember of the engine, or another errand
            time.sleep(0.01)
            return [f"did {payload if isinstance(payload, tuple) else payload.modules}"]
        return Outcome(0, "done", (payload,))

    return do


def run(script: Callable[[Dispatch, list[Entry], list[str]], Awaitable[None]], limits: Limits | None = None) -> None:
    async def all_of_it() -> None:
        notes: list[Entry] = []
        said: list[str] = []
        engine = Engine(lambda request: Verdict(DENY if request.alias == "no" else ALLOW), limits or Limits())
        dispatch = Dispatch(engine, make, asyncio.get_running_loop(), notes.append, said.append, 4)
        try:
            await script(dispatch, notes, said)
        finally:
            dispatch.close()

    asyncio.run(all_of_it())


def request(alias: str) -> Request:
    return Request(alias, USER, 0.0, 1, 0, "test")


async def answered(dispatch: Dispatch, *aliases: str) -> list[Outcome]:
    futures = []
    for alias in aliases:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        dispatch.ask(request(alias), future.set_result)
        futures.append(future)
    return await asyncio.wait_for(asyncio.gather(*futures), 20)


def test_answers_notes_and_what_is_remembered() -> None:
    async def script(dispatch: Dispatch, notes: list[Entry], said: list[str]) -> None:
        outcomes = await answered(dispatch, "a", "b", "a", "no")
        assert [o.cause for o in outcomes] == ["done", "done", "done", "forbidden"]
        assert [o.shared for o in outcomes] == [False, False, True, False]
        assert sorted(note.request.alias for note in notes) == ["a", "a", "b", "no"]
        while dispatch.working:
            await asyncio.sleep(0.005)
        assert sorted(said) == ["did ('a',)", "did ('b',)"]

    run(script)


def test_what_hangs_is_killed_and_answered_for() -> None:
    async def script(dispatch: Dispatch, notes: list[Entry], said: list[str]) -> None:
        (outcome,) = await answered(dispatch, "hang")
        assert outcome.cause == "timeout"
        while dispatch.engine.running:
            await asyncio.sleep(0.005)
        assert dispatch.pool.busy == 0
        assert (await answered(dispatch, "a"))[0].status == 0

    run(script, Limits(job_seconds=0.1))


def test_who_is_gone_gets_no_answer() -> None:
    async def script(dispatch: Dispatch, notes: list[Entry], said: list[str]) -> None:
        got: list[Outcome] = []
        client = dispatch.ask(request("a"), got.append)
        dispatch.gone(client)
        dispatch.gone(client)
        await answered(dispatch, "b")
        while dispatch.working:
            await asyncio.sleep(0.005)
        assert got == [] and "a" in [note.request.alias for note in notes]

    run(script)


def test_errands_go_in_order_and_idle_is_told() -> None:
    async def script(dispatch: Dispatch, notes: list[Entry], said: list[str]) -> None:
        idle = asyncio.Event()
        dispatch.idle = idle.set
        for number in range(5):
            dispatch.errand((number,))
        assert dispatch.working
        await asyncio.wait_for(idle.wait(), 20)
        assert said == [f"did ({number},)" for number in range(5)] and not dispatch.working

    run(script)


def test_a_process_that_cannot_be_had_is_an_answer() -> None:
    async def script(dispatch: Dispatch, notes: list[Entry], said: list[str]) -> None:
        def refuse(job: int, payload: object) -> bool:
            raise BlockingIOError("no process is to be had")

        dispatch.pool.start = refuse  # type: ignore[method-assign]
        (outcome,) = await answered(dispatch, "a")
        assert outcome.cause == "failed" and "no process is to be had" in outcome.text
        dispatch.errand((1,))
        assert said == ["no worker is to be had: no process is to be had"]

    run(script)


def test_its_words_for_a_dead_worker() -> None:
    assert DIED.status == 1 and "kernel log" in DIED.text
