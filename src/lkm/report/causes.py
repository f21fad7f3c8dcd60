"""Why a request came to nothing, as a word and an exit status that stay what they are: docs/exit-codes.md.

>>> status("not-found"), status("symbols"), status("done")
(3, 10, 0)
"""

from __future__ import annotations

import errno

from lkm.kernel.interface import Refused
from lkm.plan.progress import Ran
from lkm.plan.steps import Absent, Builtin, Forbidden, NotLoaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.finding import Finding
    from lkm.plan.progress import Entry
    from lkm.state.nouns import LoadedModule

#: Cause → exit status of ``lkm load``, ``unload`` and ``show``, and what it means. A status is never given anew.
CAUSES = {
    "done": (0, "all is as it was asked for, or was so already"),
    "failed": (1, "something else went wrong; the message says what"),
    "usage": (2, "the command line makes no sense"),
    "not-found": (3, "no module, alias or file of that name"),
    "blacklisted": (4, "the configuration blacklists it, so nothing was loaded"),
    "forbidden": (5, "the configuration forbids it, or a module that it needs"),
    "in-use": (6, "somebody uses it"),
    "builtin": (7, "it is part of the kernel itself"),
    "permission": (8, "only root may do that"),
    "command": (9, "an install or remove command of the configuration failed"),
    "symbols": (10, "the kernel lacks symbols that it needs"),
    "version": (11, "it was built for another kernel"),
    "format": (12, "the file is no module, or damaged, or for another machine"),
    "signature": (13, "its signature is missing, wrong, or of a key that the kernel does not trust"),
    "parameters": (14, "a parameter does not take the value"),
    "no-device": (15, "it found no device that it can drive"),
    "init": (16, "its own init function failed"),
    "disabled": (17, "this kernel lets nobody do that now: modules_disabled, lockdown, module_blacklist="),
    "no-modules": (18, "this kernel was built without modules, or without removing them"),
    "permanent": (19, "it has no exit function, or is just coming or going"),
    "unreadable": (20, "the module file cannot be read"),
    "busy": (21, "the autoloader has more to do than it takes on; ask again later"),
    "timeout": (22, "loading it took too long; it may still be going on"),
    "loop": (23, "what is run to load it asks for it again"),
    "interrupted": (128, "a signal came; the status is 128 + its number"),
}

_SIGNATURE = (errno.EKEYREJECTED, errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED, errno.EBADMSG, errno.ENOPKG)
_INSERT = {
    errno.ENOENT: "symbols",
    errno.ESRCH: "version",
    errno.ERANGE: "parameters",
    errno.ENODEV: "no-device",
    errno.ENXIO: "no-device",
    errno.ENOSYS: "no-modules",
    errno.ENOMEM: "failed",
    errno.EINTR: "failed",
    errno.EEXIST: "failed",
}
#: What a finding decides better than an errno, which several diseases share.
_FINDINGS = {
    "bad-parameter": "parameters",
    "built-in": "builtin",
    "container": "permission",
    "crc-mismatch": "version",
    "cut-file": "format",
    "empty-file": "format",
    "expired-key": "signature",
    "gpl-only": "symbols",
    "half-loaded": "permanent",
    "init-failed": "init",
    "lockdown": "disabled",
    "missing-symbol": "symbols",
    "modules-disabled": "disabled",
    "namespace": "symbols",
    "no-device": "no-device",
    "no-module-support": "no-modules",
    "not-allowed": "permission",
    "not-exported": "symbols",
    "other-kernel": "version",
    "out-of-memory": "failed",
    "proprietary-owner": "symbols",
    "seccomp": "permission",
    "unsupported-hash": "signature",
    "user-namespace": "permission",
    "wrong-compression": "format",
}
_REMOVE = {
    errno.EAGAIN: "in-use",
    errno.EPERM: "disabled",
    errno.ENOSYS: "no-modules",
    errno.ENOENT: "done",  # it went meanwhile
}


def status(cause: str) -> int:
    """Return the exit status of a cause (of ``interrupted``: without the signal's number)."""
    return CAUSES[cause][0]


def cause_of(
    entry: Entry | None,
    *,
    privileged: bool = True,
    module: LoadedModule | None = None,
    findings: Sequence[Finding] = (),
) -> str:
    """Return the cause for the entry that ended a plan, or None.

    ``module`` is what was to be removed, as it is; ``findings`` are why a load was refused.
    """
    if entry is None:
        return "done"
    step, result = entry.step, entry.result
    if isinstance(result, Ran):
        return "command"
    if isinstance(step, Absent):
        return "not-found"
    if isinstance(step, Forbidden):
        return "forbidden"
    if isinstance(step, (NotLoaded, Builtin)):
        return "builtin" if isinstance(step, Builtin) or step.builtin else "done"
    if not isinstance(result, Refused):
        return "failed"
    if not result.call:
        return "in-use" if result.errno == errno.EBUSY else "failed"
    if result.call in ("open", "read"):
        return "format" if result.errno == errno.ENOEXEC else "unreadable"
    if result.errno == errno.EPERM and not privileged:
        return "permission"
    if result.call == "delete_module":
        if result.errno == errno.EBUSY:
            in_use = module is not None and module.state == "Live" and not module.permanent
            return "in-use" if in_use else "permanent"
        return _REMOVE.get(result.errno, "failed")
    return _found(findings) or _refused_load(result)


def _found(findings: Sequence[Finding]) -> str:
    """Return the cause by the first finding, "" where it is not sure or of none of these."""
    if not findings:
        return ""
    from lkm.diagnose.finding import CERTAIN, LIKELY  # what succeeds does not import this

    return _FINDINGS.get(findings[0].code, "") if findings[0].certainty in (CERTAIN, LIKELY) else ""


def _refused_load(result: Refused) -> str:
    number = result.errno
    said = "\n".join([record.text for record in result.log])
    if "disagrees about version of symbol" in said or "' should be '" in said:
        return "version"
    if number == errno.ENOEXEC:
        return "format"
    if number in _SIGNATURE:
        return "signature"
    if number == errno.EPERM:
        return "disabled"
    if "' invalid for parameter `" in said:
        return "parameters"
    return _INSERT.get(number, "init")
