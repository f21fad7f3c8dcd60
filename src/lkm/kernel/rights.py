"""What the running kernel lets users without any right do, as far as the loading of modules is concerned.

Each question is answered with why not; "" is: yes, or nothing tells. ``proc`` is where /proc is (for tests).
"""

from __future__ import annotations

#: Settings that keep users from making user namespaces: file below /proc/sys, the value that does, who has it.
_NAMESPACES = (
    ("user/max_user_namespaces", "0", ""),
    ("kernel/unprivileged_userns_clone", "0", "Debian's"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "Ubuntu's, for programs without a profile"),
)


def nothing_loads(proc: str = "/proc") -> str:
    """Return why this kernel loads nothing on request."""
    if _setting(proc, "kernel/modules_disabled") == "1":
        return "kernel.modules_disabled is 1"
    helper = _setting(proc, "kernel/modprobe")
    if helper is None:
        return "this kernel has no modules"
    return "" if helper else "kernel.modprobe is empty"


def no_namespaces(proc: str = "/proc") -> str:
    """Return why users have no user namespaces of their own (user_namespaces(7))."""
    for name, value, whose in _NAMESPACES:
        if _setting(proc, name) == value:
            return f"{name.replace('/', '.')} is {value}" + (f" ({whose})" if whose else "")
    if _setting(proc, _NAMESPACES[0][0]) is None and _setting(proc, "kernel/ostype") is not None:
        return "this kernel has no user namespaces"
    return ""


def no_ldiscs(proc: str = "/proc") -> str:
    """Return why users load no line disciplines (drivers/tty/tty_ldisc.c, since 5.1)."""
    return "dev.tty.ldisc_autoload is 0" if _setting(proc, "dev/tty/ldisc_autoload") == "0" else ""


def _setting(proc: str, name: str) -> str | None:
    try:
        with open(f"{proc}/sys/{name}", "rb") as file:
            return file.read().decode("utf-8", "surrogateescape").strip()
    except OSError:
        return None
