"""``lkm autoclean``: remove idle modules that were loaded to be removed again; or say why each stays."""

from __future__ import annotations

import sys

from lkm.cli import messages
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.messages import Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import FormatError, LkmError, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.kernels import may_change
from lkm.names import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lkm.autoload.autoclean import Opinion
    from lkm.autoload.outlook import Outlook
    from lkm.config.autoclean import AutocleanSettings
    from lkm.report.document import Object
    from lkm.system.autocleaner import Swept

USAGE = """lkm autoclean [options] [NAME...]

Sweeps once: modules that were loaded with `modprobe -k` or for a request, and are idle, go by the second sweep that
finds them so. Nothing is removed before the configuration says `mode active`, or --now; docs/autoclean.md."""
OPTIONS = (
    Option("", "now", "", "remove, whatever mode is configured"),
    Option("n", "dry-run", "", "remove nothing, and forget what was seen: the next sweep is as if this had not been"),
    Option("", "explain", "", "remove nothing; say for each module (NAME...) if it would go, and what keeps it"),
    Option("", "every", "TIME", "go on, with a sweep each TIME (60s, 5m), until a signal comes"),
    Option("", "pin", "NAME", "let no sweep remove the module any more; may be repeated"),
    Option("", "unpin", "NAME", "end that; may be repeated"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; may be repeated"),
    Option("", "state", "FILE", "what is known of modules is there; before LKM_STATE"),
    Option("q", "quiet", "", "say nothing but errors"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Sweep; status 1 when something that was to go could not be removed, 2 for a usage or a state that is none."""
    understood = understand("lkm autoclean", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    say = Messages("lkm autoclean")
    if ("quiet", "") in options:
        say.priority = messages.ERR

    def run(fields: Object) -> int:
        try:
            of_today()
            return Run(say, options).run([fold(name) for name in operands], fields)
        except LkmError as error:
            say.error(str(error))
            say.detail(error.hint)
            return 2

    if ("json", "") not in options:
        return run({})
    from lkm.cli.answer import answer

    return answer("autoclean", say, run)


class Run:
    """One call of the tool."""

    def __init__(self, say: Messages, options: Sequence[tuple[str, str]]) -> None:
        """Raises LkmError when there is no such kernel."""
        from lkm.system.autoloaded import Store

        self.say = say
        self.given = dict(options)
        self.pins = [(key, fold(value)) for key, value in options if key in ("pin", "unpin")]
        self.configs = tuple([value for key, value in options if key == "config"])
        self.kernel = open_kernel(LinuxKernel)
        self.store = Store(self.kernel, self.given.get("state", ""))

    def run(self, names: list[str], fields: Object) -> int:
        """Do what the options say."""
        if names and "explain" not in self.given:
            raise UsageError(f"a sweep is over all modules, not {names[0]}", hint="--explain NAME tells of one")
        if self.pins:
            for key in ("pin", "unpin"):
                if named := [name for word, name in self.pins if word == key]:
                    self.store.pin(named, pinned=key == "pin")
            self._tell_problems()
            return 0
        if "every" not in self.given:
            return self._sweep(names, fields)
        if "json" in self.given or "explain" in self.given:
            raise UsageError("--every does not go with --json or --explain")
        from lkm.config.autoclean import seconds_of

        try:
            pause = seconds_of(self.given["every"])
        except FormatError as error:
            raise UsageError(error.what, hint=error.hint) from None
        import time

        while True:
            self._sweep(names, fields, pause or 1)
            sys.stdout.flush()
            time.sleep(pause or 1)

    def _tell_problems(self) -> None:
        """Say what was wrong with the state file, once."""
        for problem in self.store.problems:
            self.say.problem(messages.WARNING, problem)
        self.store.problems.clear()

    def _sweep(self, names: list[str], fields: Object, every: float = 0.0) -> int:
        from lkm.cli.autoclean_sweep import cleaner, read_settings

        explains = "explain" in self.given
        settings = read_settings(self.say, self.configs)
        active = not explains and "dry-run" not in self.given and ("now" in self.given or settings.active)
        keep = not explains and "dry-run" not in self.given
        if active and not may_change(self.kernel):
            raise UsageError("only root may remove modules", hint="--explain tells what would go")
        swept = cleaner(self.kernel, self.say, self.store).sweep(settings, active=active, keep=keep, every=every)
        self._tell_problems()
        shown = self._with_unmarked(swept, names) if explains else swept.opinions
        future = self._future(settings) if explains else {}
        if "json" in self.given:
            self._fill(fields, swept, shown, future)
        elif explains:
            self._explain(swept, shown, future, active="now" in self.given or settings.active)
        else:
            self._print(swept)
            if swept.removed and keep and not active:
                why = f"nothing is removed: the mode is dry-run ({settings.mode})"
                self._out(f"{why}; --now removes, and `mode active` in /etc/lkm/autoclean.conf does so each time\n")
        return 1 if swept.refused else 0

    def _with_unmarked(self, swept: Swept, names: list[str]) -> tuple[Opinion, ...]:
        """Return what is to be said of all loaded modules, or of those that are named."""
        from lkm.autoload.autoclean import Opinion

        known = {opinion.module: opinion for opinion in swept.opinions}
        for module in self.kernel.state().modules:
            known.setdefault(module.name, Opinion(module.name, "unmarked"))
        missing = [name for name in names if name not in known]
        for name in missing:
            self.say.warning(f"Module {name} is not loaded")
        return tuple([known[name] for name in sorted(known) if not names or name in names])

    def _future(self, settings: AutocleanSettings) -> dict[str, Outlook]:
        """Return when marked modules would go, if nothing happened to them."""
        from lkm.system.autocleaner import look_out
        from lkm.system.users import owners_of

        found = look_out(self.kernel, self.store, owners_of(self.kernel), settings)
        return {outlook.module: outlook for outlook in found}

    def _explain(
        self, swept: Swept, shown: Sequence[Opinion], future: Mapping[str, Outlook], *, active: bool
    ) -> None:
        from lkm.report.autoclean import goes_in, lost, table

        now = self.kernel.seconds()
        when = {name: goes_in(outlook, now, active=active) for name, outlook in future.items()}
        self._out("".join([f"{lost(one)}\n" for one in swept.lost]) + table(shown, when))

    def _print(self, swept: Swept) -> None:
        from lkm.report.autoclean import gone, lost

        text = "".join([f"{lost(one)}\n" for one in swept.lost])
        known = {opinion.module: opinion for opinion in swept.opinions}
        self._out(text + "".join([f"{gone(known[name], active=swept.active)}\n" for name in swept.removed]))
        for opinion in swept.opinions:
            if opinion.word == "refused":
                self.say.error(f"could not remove {opinion.module}: {opinion.detail}")

    def _out(self, text: str) -> None:
        if "quiet" not in self.given:
            sys.stdout.write(text)

    def _fill(self, fields: Object, swept: Swept, shown: Sequence[Opinion], future: Mapping[str, Outlook]) -> None:
        from lkm.report.autoclean import opinion_object

        fields["active"] = swept.active
        fields["removed"] = list(swept.removed)
        fields["lost"] = [{"name": one.mark.module, "why": one.why} for one in swept.lost]
        fields["modules"] = [
            opinion_object(opinion, swept.marks.of(opinion.module), future.get(opinion.module)) for opinion in shown
        ]
