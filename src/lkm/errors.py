"""The exceptions of this package: each says what, where, and what to do about it.

A kernel's refusal is no exception but a value (:class:`lkm.kernel.interface.Refused`).

>>> print(FormatError("section header table ends early", "x.ko", offset=64, hint="copy the file again"))
x.ko: at byte 64: section header table ends early
"""

from __future__ import annotations


class LkmError(Exception):
    """Base of all errors. ``code`` is stable and meant for programs; ``what``, ``where`` and ``hint`` for people."""

    code = "error"

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class UsageError(LkmError):
    """The command line cannot be understood."""

    code = "usage"


class NotFound(LkmError):
    """A module, alias, file or directory that was asked for is not there."""

    code = "not-found"


class FormatError(LkmError):
    """Bytes or text that are not what they should be. ``offset`` is the byte (or -1) where that was noticed."""

    code = "format"

    def __init__(self, what: str, where: str = "", offset: int = -1, hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.offset = offset

    def __str__(self) -> str:
        place = f"at byte {self.offset}: " if self.offset >= 0 else ""
        return f"{self.where}: {place}{self.what}" if self.where else f"{place}{self.what}"

    def at(self, where: str) -> FormatError:
        """Return the same error with the file named (pure readers do not know file names)."""
        return type(self)(self.what, where, self.offset, self.hint)


class CycleError(LkmError):
    """Modules that need each other in a circle. ``cycles`` lists each circle's names, in order."""

    code = "cycle"

    def __init__(self, what: str, cycles: tuple[tuple[str, ...], ...], where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.cycles = cycles


class MachineError(LkmError):
    """The operating system said no to something other than loading or unloading a module. ``errno`` is its number."""

    code = "system"

    def __init__(self, what: str, where: str = "", errno: int = 0, hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.errno = errno


class LabError(LkmError):
    """A throwaway kernel could not be had or started."""

    code = "lab"
