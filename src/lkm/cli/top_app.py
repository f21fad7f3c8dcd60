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
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Header, Input, RichLog, Static

from lkm.cli.tools import launcher
from lkm.errors import LkmError
from lkm.report.refusal import printable
from lkm.report.watch import ORDERS, Watch, bars, chosen, follow, span

if TYPE_CHECKING:
    from textual.binding import BindingType

    from lkm.kernel.interface import ShownKernel
    from lkm.report.watch import Event, Row
    from lkm.state.nouns import LogRecord

_COLUMNS = ("module", "size", "use", "over time", "idle", "state", "taint", "used by")


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
        Binding("e", "ask('unload --dry-run')", "explain"),
        Binding("u", "unload", "unload"),
        Binding("s", "sort", "sort"),
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
        self.watch_ = Watch()
        self.heard = 0
        self.shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Put up the table of modules, the filter and the list of events."""
        yield Header()
        yield DataTable[Text](id="modules", cursor_type="row", zebra_stripes=True)
        yield Input(placeholder="part of a name", id="filter")
        yield RichLog(id="events", max_lines=500, wrap=True)
        yield Footer()

    def on_mount(self) -> None:
        """Look for the first time, and then again and again."""
        table = self.modules
        for column in _COLUMNS:
            table.add_column(column, key=column)
        table.focus()
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
        known = len(self.watch_.events)
        before = self.watch_
        self.watch_ = follow(before, state, time.time(), records)
        new = [event for event in self.watch_.events if event.at == self.watch_.at] if known or before.rows else []
        log = self.query_one("#events", RichLog)
        for event in new:
            log.write(_event(event))
        self.show_rows()

    def show_rows(self) -> None:
        """Fill the table; rows stay where they are when only their cells change."""
        rows = chosen(self.watch_, self.order, self.pattern)
        total = sum(row.module.size for row in self.watch_.rows)
        self.sub_title = f"{len(rows)} of {len(self.watch_.rows)} modules, {total // 1024} KiB, by {self.order}"
        names = tuple([row.module.name for row in rows])
        table = self.modules
        if names != self.shown:
            under = self.under_cursor
            table.clear()
            for row in rows:
                table.add_row(*_cells(row, self.watch_.at), key=row.module.name)
            if under in names:
                table.move_cursor(row=names.index(under))
            self.shown = names
            return
        for row in rows:
            for column, cell in zip(_COLUMNS, _cells(row, self.watch_.at), strict=True):
                table.update_cell(row.module.name, column, cell)

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


def _cells(row: Row, now: float) -> tuple[Text, ...]:
    module = row.module
    idle = "" if module.refcount > 0 else span(now - row.used)
    style = "" if module.state == "Live" else "bold red"
    return (
        Text(module.name, style="bold" if module.refcount > 0 else ""),
        Text(str(module.size), justify="right"),
        Text("-" if module.refcount < 0 else str(module.refcount), justify="right"),
        Text(bars(row.counts), style="green"),
        Text(idle, justify="right", style="dim"),
        Text("" if module.state == "Live" else module.state, style=style),
        Text(module.taint, style="yellow"),
        Text(",".join(module.holders)),
    )


_STYLES = {"loaded": "green", "removed": "red", "use": "", "state": "bold", "kernel": "dim"}


def _event(event: Event) -> Text:
    at = time.strftime("%H:%M:%S", time.localtime(event.at))
    return Text(f"{at} {event.kind:<8} {event.name:<20} {printable(event.text)}".rstrip(), style=_STYLES[event.kind])
