"""The screen of ``lkm top``. What a key does is a command of `lkm` itself, which is shown with what it answers."""

from __future__ import annotations

import asyncio
import shlex
import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Header, Input, RichLog, Static

from lkm.cli.tools import launcher
from lkm.cli.top_looks import Looks
from lkm.errors import LkmError
from lkm.report.refusal import printable
from lkm.report.watch import ORDERS, VIEWS, Watch, chosen, follow, table, viewed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType

    from lkm.kernel.interface import ShownKernel
    from lkm.report.watch import Event, Row
    from lkm.state.nouns import LogRecord


class Answer(ModalScreen[None]):
    """What a command of `lkm` has said."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "back")]

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words

    def compose(self) -> ComposeResult:
        """Show the command, and room for its answer."""
        with VerticalScroll(id="box"):
            yield Static(f"$ {shlex.join(['lkm', *self.words])}", id="command", markup=False)
            yield Static("...", id="answer", markup=False)
        yield Footer()

    async def on_mount(self) -> None:
        """Run the command, and show all that it says."""
        self.run_worker(self._run())

    async def _run(self) -> None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            launcher(), *self.words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        lines = [printable(line) for line in said.decode("utf-8", "replace").splitlines()]
        lines.append("" if process.returncode == 0 else f"status {process.returncode}")
        self.query_one("#answer", Static).update("\n".join(lines))


class Question(ModalScreen[bool]):
    """Is that to be done?"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,q", "answer(False)", "no"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(id="box"):
            yield Static(self.text, markup=False)
        yield Footer()

    def action_answer(self, yes: bool) -> None:
        """End with the answer."""
        self.dismiss(yes)


class Events(RichLog):
    """The lines of events. They are broken for its width when they are written, so it tells when that changes."""

    class Resized(Message):
        """It has another size."""

    def on_resize(self, event: Resize) -> None:
        """Tell, once the size is known to all."""
        self.call_after_refresh(self.post_message, self.Resized())


class Top(App[None]):
    """The modules of a kernel, looked at ``every`` so many seconds."""

    TITLE = "lkm top"
    CSS = """
    #modules { height: 2fr; }
    #events { height: 1fr; border-top: solid $primary; }
    #filter { display: none; }
    #filter.shown { display: block; }
    ModalScreen { align: center middle; }
    #box { width: 90%; max-height: 80%; height: auto; border: round $primary; padding: 0 1; background: $surface; }
    #command { text-style: bold; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i,enter", "ask('info')", "info"),
        Binding("e", "ask('info --why')", "explain"),
        Binding("u", "unload", "unload"),
        Binding("s", "sort", "sort"),
        Binding("v", "view", "events"),
        Binding("slash", "filter", "filter"),
        Binding("q", "quit", "quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, kernel: ShownKernel, every: float = 1.0, order: str = "name") -> None:
        super().__init__()
        self.kernel = kernel
        self.every = every
        self.order = order
        self.pattern = ""
        self.view = "all"
        self.watch_ = Watch()
        self.looks = Looks(kernel)
        self.heard = 0
        self.shown: tuple[str, ...] = ()
        self.titles: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Put up the table of modules, the filter and the list of events."""
        yield Header(icon=" ")
        yield DataTable[Text](id="modules", cursor_type="row", zebra_stripes=True)
        yield Input(placeholder="part of a name", id="filter")
        yield Events(id="events", max_lines=500, min_width=0, wrap=True)
        yield Footer()

    def on_mount(self) -> None:
        """Look for the first time, and then again and again."""
        self.modules.focus()
        records = self.records_since(0)
        self.heard = records[-1].sequence + 1 if records else 0
        self.look()
        self.set_interval(self.every, self.look)

    @property
    def modules(self) -> DataTable[Text]:
        """Return the table."""
        return self.query_one("#modules", DataTable)

    def records_since(self, since: int) -> tuple[LogRecord, ...]:
        """Return what the kernel has logged, nothing where it tells that not to everybody."""
        try:
            return self.kernel.log(since)
        except LkmError:
            return ()

    def look(self) -> None:
        """Look at the kernel, and show what has changed."""
        try:
            state = self.kernel.state()
        except LkmError as error:
            self.sub_title = str(error)
            return
        records = self.records_since(self.heard)
        self.heard = records[-1].sequence + 1 if records else self.heard
        requests, goes = self.looks.requests(), self.looks.goes()
        self.watch_ = follow(self.watch_, state, time.time(), records, requests, goes, self.looks.notes())
        self.show_events(self.watch_.news)
        self.show_rows()

    def show_events(self, events: Iterable[Event]) -> None:
        """Add events to those that are shown."""
        log = self.query_one("#events", RichLog)
        for event in viewed(events, self.view):
            log.write(_event(event), expand=True)

    def show_all(self) -> None:
        """Show all anew: the screen has another size, or other events are wanted."""
        log = self.query_one("#events", RichLog)
        log.border_title = f"events: {self.view}"
        log.clear()
        self.show_events(self.watch_.events)
        self.show_rows()

    def on_events_resized(self) -> None:
        """Lay out all anew."""
        self.show_all()

    def show_rows(self) -> None:
        """Fill the table; rows stay where they are when only their cells change."""
        rows = chosen(self.watch_, self.order, self.pattern)
        titles, cells = table(rows, self.watch_.at, self.size.width)
        self.sub_title = self._summary(len(rows))
        names = tuple([row.module.name for row in rows])
        modules = self.modules
        if (names, titles) == (self.shown, self.titles):
            for row, texts in zip(rows, cells, strict=True):
                for title, text in zip(titles, texts, strict=True):
                    modules.update_cell(row.module.name, title, _cell(row, title, text), update_width=True)
            return
        under = self.under_cursor
        modules.clear(columns=titles != self.titles)
        if titles != self.titles:
            for title in titles:
                modules.add_column(title, key=title)
        for row, texts in zip(rows, cells, strict=True):
            styled = [_cell(row, title, text) for title, text in zip(titles, texts, strict=True)]
            modules.add_row(*styled, key=row.module.name)
        if under in names:
            modules.move_cursor(row=names.index(under))
        self.shown, self.titles = names, titles

    def _summary(self, shown: int) -> str:
        total = sum(row.module.size for row in self.watch_.rows)
        text = f"{shown} of {len(self.watch_.rows)} modules, {total // 1024} KiB, by {self.order}"
        return text if self.looks.active else f"{text}; autoclean: dry-run"

    @property
    def under_cursor(self) -> str:
        """Return the module under the cursor, "" where there is none."""
        at = self.modules.cursor_row
        return self.shown[at] if 0 <= at < len(self.shown) else ""

    def action_ask(self, command: str) -> None:
        """Show what a command says of the module: to explain one that is loaded is to tell why it stays."""
        if self.under_cursor:
            self.push_screen(Answer([*command.split(), self.under_cursor]))

    def on_data_table_row_selected(self) -> None:
        """Do what i does: the table keeps Enter for itself."""
        self.action_ask("info")

    def action_unload(self) -> None:
        """Remove the module, when that is wanted really."""
        name = self.under_cursor
        if not name:
            return

        def decided(yes: bool | None) -> None:
            if yes:
                self.push_screen(Answer(["unload", name]))

        self.push_screen(Question(f"Remove {name}, and what it alone needed?"), decided)

    def action_sort(self) -> None:
        """Sort by the next column."""
        orders = list(ORDERS)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self.show_rows()

    def action_view(self) -> None:
        """Show other events."""
        views = list(VIEWS)
        self.view = views[(views.index(self.view) + 1) % len(views)]
        self.show_all()

    def action_filter(self) -> None:
        """Ask for a part of a name."""
        self.query_one("#filter", Input).add_class("shown").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show only what has it."""
        self.pattern = event.value.replace("-", "_")
        self.show_rows()

    def on_input_submitted(self) -> None:
        """Go back to the table; an empty filter is put away."""
        if not self.pattern:
            self.query_one("#filter", Input).remove_class("shown")
        self.modules.focus()


_NUMBERS = ("size", "use", "idle", "goes in")
_LOOKS = {"over time": "green", "idle": "dim", "goes in": "cyan", "state": "bold red", "taint": "yellow"}


def _cell(row: Row, title: str, text: str) -> Text:
    style = "bold" if title == "module" and row.module.refcount > 0 else _LOOKS.get(title, "")
    return Text(text, style=style, justify="right" if title in _NUMBERS else "left")


_STYLES = {
    "request": "bold cyan",
    "refused": "bold yellow",
    "loaded": "green",
    "removed": "red",
    "use": "",
    "state": "bold",
    "kernel": "dim",
    "note": "italic",
}


def _event(event: Event) -> Text:
    at = time.strftime("%H:%M:%S", time.localtime(event.at))
    name, text = printable(event.name), printable(event.text)
    line = f"{at} {event.kind:<8} {f'{name:<20} ' if name else ''}{text}"
    return Text(line.rstrip(), style=_STYLES[event.kind])
