"""What became of the modules that a request had loaded when it failed, in words."""

from __future__ import annotations

from lkm.kernel.interface import Done, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.plan.progress import Entry


def undone(entries: Iterable[Entry], word: str) -> tuple[str, ...]:
    """Return a line for what is gone, what the kernel kept, what has another user, and what is not to be found.

    The last can be a module that somebody else removed, or one whose file is not called as it is.

    >>> from lkm.names import ModuleName
    >>> from lkm.origin import Origin
    >>> from lkm.plan.progress import Entry
    >>> from lkm.plan.steps import Reason, Remove
    >>> step = Remove(ModuleName("fat"), Reason("undo", "msdos", Origin("this request")), False, False, "unused", 0)
    >>> undone([Entry(step, Done("delete_module"))], "msdos")
    ('removed again, as loaded for msdos only: fat',)
    """
    gone: list[str] = []
    kept: list[str] = []
    used: list[str] = []
    other: list[str] = []
    for entry in entries:
        name = str(entry.step.module)
        if isinstance(entry.result, Done):
            gone.append(name)
        elif isinstance(entry.result, Refused):
            kept.append(name)
        elif getattr(entry.result, "reason", "") == "in use":
            used.append(name)
        else:
            other.append(name)
    lines = (
        ("removed again, as loaded for {} only: {}", gone),
        ("loaded for {}, and could not be removed again: {}", kept),
        ("loaded for {}, and left in, as in use by now: {}", used),
        ("loaded for {}, and by now not there by that name: {}", other),
    )
    return tuple([text.format(word, ", ".join(names)) for text, names in lines if names])
