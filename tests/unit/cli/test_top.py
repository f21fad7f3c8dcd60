"""The screen of `lkm top`, played by a pilot on a simulated kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, RichLog, Static

from lkm.autoload.nouns import ALLOW, KERNEL, USER, Entry, Outcome, Request, Verdict
from lkm.cli.autoclean_sweep import sweep_now
from lkm.cli.kernels import open_kernel
from lkm.cli.main import main as main_of
from lkm.cli.messages import Messages
from lkm.cli.modprobe import main as modprobe
from lkm.cli.sim import main as sim
from lkm.cli.top import main
from lkm.cli.top_app import Answer, Question, Top
from lkm.cli.top_looks import Looks
from lkm.errors import MachineError
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.world import World
from lkm.report.watch import chosen
from lkm.system import configfiles
from lkm.system.autoloaded import Store
from lkm.system.history import Follower, History
from tests.support.trees import uml_modules


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root, _ = uml_modules()
    path = tmp_path / "world"
    assert sim(["sim", "new", str(path), "--image", "/usr/bin/linux.uml", "--tree", str(root)]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{path}")
    for name in ("LKM_HISTORY", "LKM_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(configfiles, "DIRECTORIES", (f"{tmp_path}/etc",))
    monkeypatch.setattr(configfiles, "AUTOCLEAN", f"{tmp_path}/etc/lkm/autoclean.conf")
    assert modprobe(["modprobe", "msdos"]) == 0
    return path


def play(act: Callable[[Top, Any], Awaitable[None]], size: tuple[int, int] = (110, 36)) -> None:
    async def run() -> None:
        app = Top(open_kernel(LinuxKernel), every=3600)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
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
        assert str(app.screen.query_one("#command", Static).render()) == "$ lkm info --why fat"
        assert "kept by       modules that use it: msdos" in await answered(app, pilot)
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
        assert not isinstance(app.screen, Answer)
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


def entry(alias: str, requester: str = KERNEL, status: int = 0, *modules: str) -> Entry:
    who = (71, 1000, "vpn") if requester == USER else (-1, -1, "")
    request = Request(alias, requester, 9e8, *who)
    return Entry(request, Verdict(ALLOW), Outcome(status, "not-found" if status else "done", modules, "", 0.02))


def world_of(app: Top) -> World:
    assert isinstance(app.kernel, SimulatedKernel)
    return app.kernel.world


def lines(app: Top) -> list[str]:
    """Return what the pane of events shows, without the times."""
    return [line.text[9:].rstrip() for line in app.query_one("#events", RichLog).lines]


def screen(app: Top) -> list[str]:
    """Return the lines of the screen."""
    return ["".join([segment.text for segment in strip]) for strip in app.screen._compositor.render_strips()]


def test_requests_are_shown_beside_what_is_loaded(world: Path) -> None:
    history = History(f"{world}.history.jsonl", limit=400)

    async def act(app: Top, pilot: Any) -> None:
        assert lines(app) == []  # there is no history yet
        history.append(entry("fs-msdos"), entry("tun", USER, 3), entry("net-pf-5", KERNEL, 0, "llc", "appletalk"))
        app.look()
        await pilot.pause()
        assert lines(app) == [
            "request  fs-msdos             kernel: was there (20 ms)",
            "refused  tun                  user 1000 (vpn, 71): not-found (20 ms)",
            "request  net-pf-5             kernel: loaded llc appletalk (20 ms)",
        ]
        styles = [str(next(iter(line)).style) for line in app.query_one("#events", RichLog).lines]
        assert len(set(styles)) == 2
        for number in range(9):  # the file is put aside meanwhile
            history.append(entry(f"more-{number}"))
            app.look()
        app.kernel.load(str(next(Path(app.kernel.root()).rglob("dummy.ko"))))
        app.look()
        await pilot.pause()
        assert Path(f"{history.path}.1").exists()
        assert sum(" more-" in line for line in lines(app)) == 9
        await pilot.press("v")
        await pilot.pause()
        assert not [line for line in lines(app) if not line.startswith(("request", "refused"))]
        await pilot.press("v")
        await pilot.pause()
        assert [line.split()[:2] for line in lines(app)] == [["loaded", "dummy"]]

    play(act)


def test_what_cannot_be_looked_at_is_told_once(world: Path) -> None:
    Path(f"{world}.history.jsonl").symlink_to(f"{world}.history.jsonl")  # a loop: root may read all else
    Path(f"{world}.autoloaded.json").mkdir()
    conf = world.parent / "etc/lkm/autoclean.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("idle soon\n")

    async def act(app: Top, pilot: Any) -> None:
        for _ in range(3):
            app.look()
        await pilot.pause()
        assert [event.text for event in app.watch_.events] == [
            f"no requests are shown: {world}.history.jsonl: Too many levels of symbolic links",
            f"autoclean is not shown: {world}.autoloaded.json: Is a directory",
            f"{conf}:1: 'soon' is no time",
        ]
        assert sum(line.startswith("note") for line in lines(app)) == 3
        assert names(app) == "fat msdos"

    play(act)


def test_what_only_root_may_see_is_told_so(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Follower) -> Iterator[Entry]:
        raise MachineError("Permission denied", "/h", 13)

    monkeypatch.setattr(Follower, "look", refuse)
    looks = Looks(open_kernel(LinuxKernel))
    assert (looks.requests(), looks.requests()) == ([], [])
    assert (looks.notes(), looks.notes()) == (["no requests are shown: /h: Permission denied; run it as root"], [])


def test_the_countdown_of_autoclean(world: Path) -> None:
    conf = world.parent / "etc/lkm/autoclean.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("unused 90\nnever loop\n")
    assert main_of(["lkm", "modprobe", "-k", "dummy"]) == main_of(["lkm", "modprobe", "-k", "loop"]) == 0

    def later(app: Top, seconds: int) -> None:
        world_of(app).set_meta("clock", str(int((app.kernel.seconds() + seconds) * 1e6)))
        app.look()

    async def act(app: Top, pilot: Any) -> None:
        def goes() -> list[str]:
            return [row.goes for row in chosen(app.watch_, "name")]

        assert goes() == ["(>1m30s)", "", "never", ""]
        assert "goes in" in app.titles and app.sub_title.endswith("; autoclean: dry-run")
        conf.write_text("mode active\nunused 90\nnever loop\n")
        later(app, 30)
        assert goes() == [">1m00s", "", "never", ""]
        assert not app.sub_title.endswith("dry-run")
        assert sweep_now(app.kernel, Messages("x"), every=50.0) == (0, ())
        later(app, 10)
        assert goes() == ["1m30s", "", "never", ""]  # swept at 30 s, so at 80 and at 130 s
        Store(app.kernel).pin(["dummy"], pinned=True)
        later(app, 1)
        assert goes() == ["pinned", "", "never", ""]

    play(act)


def test_a_small_screen_shows_all_that_matters_and_a_resized_one_too(world: Path) -> None:
    for number in range(3):
        History(f"{world}.history.jsonl").append(entry(f"before-{number}"))
    assert main_of(["lkm", "modprobe", "-k", "dummy"]) == 0

    async def act(app: Top, pilot: Any) -> None:
        history = History(f"{world}.history.jsonl")
        history.append(entry("net-pf-5", USER, 0, *[f"module_{number}" for number in range(9)]))
        for number in range(100):
            world_of(app).say(6, f"dummy: line {number}")
        app.look()
        await pilot.pause()
        for width, height in ((80, 24), (150, 40), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            shown = screen(app)
            title = next(line for line in shown if "over time" in line)
            for word in ("module", "size", "use", "idle", "goes in", "used by"):
                assert word in title, (width, title)
            assert all(len(line.rstrip()) <= width for line in shown)
            assert next(line for line in shown if line.strip().startswith("fat ")).rstrip().endswith("msdos")
            assert app.modules.virtual_size.width <= width
            pane = app.query_one("#events", RichLog)
            assert pane.virtual_size.width <= width
            assert any("net-pf-5" in line for line in lines(app))
            assert "kernel   92 lines before these: dmesg has them" in lines(app)

    play(act, (80, 24))


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
