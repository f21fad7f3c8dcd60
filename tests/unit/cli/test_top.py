"""The screen of `lkm top`, played by a pilot on a simulated kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Static

from lkm.cli.kernels import open_kernel
from lkm.cli.modprobe import main as modprobe
from lkm.cli.sim import main as sim
from lkm.cli.top import main
from lkm.cli.top_app import Answer, Question, Top
from lkm.kernel.linux import LinuxKernel
from tests.support.trees import uml_modules


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root, _ = uml_modules()
    path = tmp_path / "world"
    assert sim(["sim", "new", str(path), "--image", "/usr/bin/linux.uml", "--tree", str(root)]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{path}")
    assert modprobe(["modprobe", "msdos"]) == 0
    return path


def play(act: Callable[[Top, Any], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Top(open_kernel(LinuxKernel), every=3600)
        async with app.run_test(size=(110, 36)) as pilot:
            await act(app, pilot)

    asyncio.run(run())


def names(app: Top) -> str:
    return " ".join(app.shown)


async def answered(app: Top, pilot: Any) -> str:
    assert isinstance(app.screen, Answer)
    await app.workers.wait_for_complete()
    await pilot.pause()
    return str(app.screen.query_one("#answer", Static).render())


def test_modules_come_go_and_are_told_of(world: Path) -> None:
    async def act(app: Top, pilot: Any) -> None:
        assert names(app) == "fat msdos"
        app.kernel.load(str(next(Path(app.kernel.root()).rglob("dummy.ko"))))
        for name in ("msdos", "fat"):
            app.kernel.unload(name)
        app.look()
        await pilot.pause()
        assert names(app) == "dummy"
        assert [(e.kind, e.name) for e in app.watch_.events if e.kind != "kernel"] == [
            ("loaded", "dummy"),
            ("removed", "msdos"),
            ("removed", "fat"),
        ]
        assert app.sub_title.startswith("1 of 1 modules, ")

    play(act)


def test_keys_explain_and_unload_with_a_question(world: Path) -> None:
    async def act(app: Top, pilot: Any) -> None:
        assert app.under_cursor == "fat"
        await pilot.press("i")
        assert "fat.ko" in await answered(app, pilot)
        await pilot.press("escape", "e")
        assert "fat would not be removed: somebody uses it" in await answered(app, pilot)
        await pilot.press("escape", "down")
        assert app.under_cursor == "msdos"
        await pilot.press("u")
        assert isinstance(app.screen, Question)
        await pilot.press("n")
        app.look()
        assert names(app) == "fat msdos"
        await pilot.press("u", "y")
        await pilot.pause()
        await answered(app, pilot)
        await pilot.press("escape")
        app.look()
        assert names(app) == ""
        await pilot.press("u", "i", "e")  # there is nothing under the cursor
        assert app.under_cursor == ""

    play(act)


def test_filter_and_order(world: Path) -> None:
    async def act(app: Top, pilot: Any) -> None:
        await pilot.press("slash", *"msd", "enter")
        assert names(app) == "fat msdos"
        await pilot.press("slash")
        app.query_one("#filter", Input).value = "nothing"
        await pilot.pause()
        assert names(app) == ""
        app.query_one("#filter", Input).value = ""
        await pilot.press("enter", "s")
        assert app.order == "size"
        assert names(app) == "fat msdos"

    play(act)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["x"], "what is 'x'?"),
        (["--sort", "colour"], "there is no column 'colour'"),
        (["--every", "0"], "'0' is no number of seconds"),
        ([], "this is no terminal"),
    ],
)
def test_what_makes_no_sense_is_told(
    words: list[str], told: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", *words]) == 2
    assert told in capsys.readouterr().err
