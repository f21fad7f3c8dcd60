"""``lkm helper``: make lkm what the kernel runs when it wants a module; tell what that is; put back what it was."""

from __future__ import annotations

import os
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import is_live
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.errors import LkmError, MachineError, UsageError
from lkm.kernel.helper import ENVIRONMENT, HelperSetting
from lkm.system import helperfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.report.document import Object

USAGE = """lkm helper [status] [--json]
       lkm helper install [--path PATH] [--boot]
       lkm helper remove [--force]

Tells which program the kernel runs when it wants a module (a file system is mounted, a socket opened), and whether
that works. `install` makes a program that is lkm's modprobe and has the kernel run it; `remove` puts back what was
set before. Status: 0, or 1 when autoloading does not work, 2 for errors."""
OPTIONS = (
    Option("", "path", "PATH", f"where the program is made, ending in /modprobe ({helperfile.PLACE})"),
    Option("", "boot", "", f"set it at each boot too ({helperfile.SYSCTL}); else the setting ends with this one"),
    Option("", "force", "", "with remove: put the old one back though something else was set since"),
    JSON,
    VERSION,
    HELP,
)
_STATIC = "CONFIG_STATIC_USERMODEHELPER"
_SECONDS = 20


def main(argv: list[str]) -> int:
    """Do what the first word says; return the exit status."""
    return asked("helper", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], operands: list[str], fields: Object) -> int:
    if not is_live():
        raise UsageError(
            "this is about the running kernel", hint="of a simulated one: lkm sim proc sys/kernel/modprobe PATH"
        )
    verb = operands[0] if operands else "status"
    if verb not in ("install", "remove", "status") or len(operands) > 1:
        raise UsageError(f"unknown words '{' '.join(operands)}'", hint="one of: install, remove, status")
    setting = HelperSetting()
    if verb == "status":
        return _status(setting, fields, show="json" not in given)
    if os.geteuid():
        raise MachineError("only root may do that", errno=1, hint=f"`sudo lkm helper {verb}`")
    done = _install(setting, given) if verb == "install" else _remove(setting, force="force" in given)
    fields |= {"path": setting.read(), "done": done}
    if "json" not in given:
        sys.stdout.write(f"{done}\n")
    return 0


def _install(setting: HelperSetting, given: dict[str, str]) -> str:
    path = given.get("path", helperfile.PLACE)
    before = setting.read()
    helperfile.make(path)
    _try(path)
    if not helperfile.look(before).ours:
        helperfile.remember(before)
    setting.write(path)
    lines = [f"the kernel runs {path} now; before: {before or '(nothing)'}"]
    if "boot" in given:
        helperfile.at_boot(path)
        lines.append(f"at each boot: {helperfile.SYSCTL}")
    if danger := helperfile.look(path).open_to:
        lines.append(_danger(danger))
    if found := _static():
        lines.append(f"but {found}")
    return "\n".join(lines)


def _try(path: str) -> None:
    """Run a helper in the kernel's way, for its version; raises MachineError when that does not work."""
    import subprocess

    try:
        done = subprocess.run([path, "--version"], env=ENVIRONMENT, cwd="/", capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"cannot be run: {error}", path) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise MachineError(f"does not work: status {done.returncode}: {said}", path, hint="is Python where it was?")


def _remove(setting: HelperSetting, *, force: bool) -> str:
    now = setting.read()
    before = helperfile.remembered()
    ours = helperfile.look(now)
    if not ours.ours and not force:
        if before is None:
            return f"nothing to do: the kernel runs {now or '(nothing)'}, and lkm was not installed"
        hint = f"--force sets {before or '(nothing)'} again, as it was before"
        raise MachineError(f"the kernel runs {now or '(nothing)'}, which somebody set since", errno=17, hint=hint)
    back = "/sbin/modprobe" if before is None else before
    setting.write(back)
    helperfile.remove(helperfile.SYSCTL)
    helperfile.remove(helperfile.MEMORY)
    if ours.ours and ours.python:  # what we made; a link is somebody else's
        helperfile.remove(now)
    return f"the kernel runs {back or '(nothing)'} again" + ("" if before is not None else ", its own default")


def _status(setting: HelperSetting, fields: Object, *, show: bool) -> int:
    path = setting.read()
    found = helperfile.look(path)
    before = helperfile.remembered()
    lines, works = _judged(found)
    if found.ours and before is not None:
        lines.append(f"before it was {before or '(nothing)'}; `lkm helper remove` puts that back")
    if static := _static():
        lines.append(static)
        works = False
    boot = os.path.exists(helperfile.SYSCTL)
    lines.append(
        f"at boot: {helperfile.SYSCTL} sets it" if boot else "at boot: the kernel's own, or what sysctl sets"
    )
    fields |= {
        "path": path,
        "works": works,
        "ours": found.ours,
        "before": before,
        "static": static or None,
        "boot": boot,
        "open_to_others": found.open_to or None,
    }
    if show:
        sys.stdout.write(
            "\n".join([f"the kernel runs {path or '(nothing)'}", *[f"  {line}" for line in lines]]) + "\n"
        )
    return 0 if works else 1


def _judged(found: helperfile.Found) -> tuple[list[str], bool]:
    """Return what is to be said of a helper, and whether it works."""
    if not found.path:
        return ["so nothing is loaded on request: autoloading is switched off"], False
    if not found.there:
        return ["which is not there: nothing is loaded on request"], False
    if not found.runs:
        return ["which may not be executed: nothing is loaded on request"], False
    if not found.ours:
        return ["which is not lkm; `lkm helper install` sets that"], True
    lines = [f"which is lkm, by {found.python}" if found.python else "which is lkm"]
    if found.open_to:
        lines.append(_danger(found.open_to))
    try:
        _try(found.path)
    except LkmError as error:
        return [*lines, str(error)], False
    return [*lines, "it works"], True


def _danger(part: str) -> str:
    return f"DANGER: others than root may change {part}, and so run anything as root"


def _static() -> str:
    """Return what the kernel's configuration says of another helper that it was built with, "" for nothing."""
    from lkm.cli.kernelconfig import running

    values = running()
    if values.get(_STATIC) != "y":
        return ""
    path = values.get(f"{_STATIC}_PATH", "").strip('"')
    return f"this kernel runs {path or 'nothing'} instead, whatever is set ({_STATIC}_PATH)"
