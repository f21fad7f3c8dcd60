"""What this machine tells of who asks and under which rules: read from /proc and /sys, only after a refusal.

What cannot be read is None or empty: these are pieces of evidence, and none of them has to be there.
"""

from __future__ import annotations

import os

from lkm.kernel import texts

#: Bit of CAP_SYS_MODULE in the masks of /proc/self/status (include/uapi/linux/capability.h).
_CAP_SYS_MODULE = 16
#: The first user namespace maps all ids to themselves (user_namespaces(7)).
_FIRST = ("0", "0", "4294967295")
#: The firmware's variable; four bytes of attributes precede its value (efivarfs).
_SECURE_BOOT = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#: A file that a container's manager makes → which that is.
_MARKS = (("run/.containerenv", "podman"), (".dockerenv", "docker"))
_TOLD = ("run/systemd/container", "run/host/container-manager")


class Surroundings:
    """One look at the machine; other places than /proc, /sys, /dev/kmsg and / are for tests."""

    def __init__(self, proc: str = "/proc", sys: str = "/sys", root: str = "/", kmsg: str = "/dev/kmsg") -> None:
        self._proc = proc
        self._sys = sys
        self._root = root.rstrip("/")
        self._kmsg = kmsg
        self._status = dict(
            line.split(":\t", 1) for line in texts.text(f"{proc}/self/status").split("\n") if ":\t" in line
        )

    def capable(self) -> bool | None:
        """Tell whether this process has CAP_SYS_MODULE, as far as its own user namespace goes."""
        mask = self._status.get("CapEff", "")
        try:
            return bool(int(mask, 16) >> _CAP_SYS_MODULE & 1)
        except ValueError:
            return None

    def seccomp(self) -> int | None:
        """Return the mode of seccomp: 0 none, 1 strict, 2 a filter."""
        return _number(self._status.get("Seccomp", ""))

    def user_namespace(self) -> bool | None:
        """Tell whether this process is in a user namespace below the first."""
        words = texts.text(f"{self._proc}/self/uid_map").split()
        return tuple(words) != _FIRST if words else None

    def container(self) -> str:
        """Return what says that this is in a container, as "docker (/.dockerenv)"; "" where nothing does."""
        for path, manager in _MARKS:
            if os.path.exists(f"{self._root}/{path}"):
                return f"{manager} (/{path})"
        for path in _TOLD:
            if name := texts.text(f"{self._root}/{path}").strip():
                return f"{name} (/{path})"
        for word in texts.text(f"{self._proc}/1/environ").split("\0"):
            if word.startswith("container=") and len(word) > len("container="):
                return f"{word.partition('=')[2]} (/proc/1/environ)"
        return ""

    def lockdown(self) -> str:
        """Return none, integrity or confidentiality (security/lockdown/lockdown.c); "": the kernel has no such file.

        The file has all levels, the one in force in brackets: ``none [integrity] confidentiality``.
        """
        _, _, rest = texts.text(f"{self._sys}/kernel/security/lockdown").partition("[")
        return rest.partition("]")[0]

    def sig_enforce(self) -> bool | None:
        """Tell whether only modules with a trusted signature are let in; None in kernels without signatures."""
        text = texts.text(f"{self._sys}/module/module/parameters/sig_enforce").strip()
        return text == "Y" if text else None

    def secure_boot(self) -> bool | None:
        """Tell whether the firmware says that Secure Boot is on; None where there is no such firmware."""
        value = _bytes(f"{self._sys}/{_SECURE_BOOT}")
        return value[4] == 1 if len(value) == 5 else None

    def free(self) -> int | None:
        """Return how many bytes of memory can be had without swapping (MemAvailable of /proc/meminfo)."""
        for line in texts.text(f"{self._proc}/meminfo").split("\n"):
            if line.startswith("MemAvailable:"):
                kilobytes = _number(line.split()[1])
                return None if kilobytes is None else kilobytes * 1024
        return None

    def symbols(self) -> frozenset[str]:
        """Return the names of all functions and variables of the kernel itself, as /proc/kallsyms has them.

        Among them are those of the table of exports, ``__ksymtab_NAME``, unless only functions are listed (without
        CONFIG_KALLSYMS_ALL).
        """
        lines = texts.text(f"{self._proc}/kallsyms").split("\n")
        return frozenset([line.split(" ", 2)[2] for line in lines if "\t" not in line and line.count(" ") == 2])

    def srcversion(self, name: str) -> str:
        """Return what tells the source of a loaded module (modinfo's srcversion), "" where it has none."""
        return texts.text(f"{self._sys}/module/{name}/srcversion").strip()

    def hears(self) -> bool:
        """Tell whether this process may read the kernel's log (dmesg_restrict)."""
        try:
            os.close(os.open(self._kmsg, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError:
            return False
        return True


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _number(text: str) -> int | None:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else None
