"""``lkm policy``: which line of autoload.d decides about a request; all lines, in the order in which they count."""

from __future__ import annotations

import sys

from lkm.autoload.nouns import ALLOW, KERNEL, REQUESTERS, Request
from lkm.cli.answer import asked
from lkm.cli.kernels import open_kernel
from lkm.cli.messages import WARNING, Messages
from lkm.cli.options import Option
from lkm.cli.policyworld import LEAF, meaning, policy_of, read_rules
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.report.document import place
from lkm.system.configfiles import conf_files
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.origin import Origin
    from lkm.report.document import Object

USAGE = """lkm policy [--requester WHO] [--uid N] [ALIAS...]

Tells what policy says to requests for aliases or modules, and which line says it. Without an alias, prints the lines
of /etc/lkm/autoload.d (and /run, /usr/local/lib, /usr/lib) in the order in which they count: the first that fits
decides. Status: 0 when all would be allowed, 1 when not, 2 for errors."""
OPTIONS = (
    Option("", "requester", "WHO", f"who asks: {', '.join(REQUESTERS)} (kernel)"),
    Option("", "uid", "N", "of which user; makes the requester a user"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; more with commas between"),
    Option("d", "dirname", "DIR", "the root below which modules and the policy are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Tell; return the exit status."""
    return asked("policy", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], operands: list[str], fields: Object) -> int:
    paths = tuple(filter(None, given.get("config", "").split(",")))
    root = given.get("dirname", "")
    files = conf_files(LEAF, root, paths)
    facts, problems = read_rules(paths, root)
    say = Messages("lkm policy")
    for problem in problems:
        say.problem(WARNING, problem)
    fields["problems"] = [{"origin": place(p.origin), "text": p.message, "hint": p.hint} for p in problems]
    if not operands:
        lines = [(fact.origin, _line(files, fact.origin)) for fact in facts]
        fields["rules"] = [{"origin": place(origin), "text": text} for origin, text in lines]
        if "json" not in given:
            sys.stdout.write("".join([f"{origin}: {text}\n" for origin, text in lines]) or "there are no rules\n")
        return 0
    request = _request(given)
    kernel = open_kernel(LinuxKernel)
    base, release = root or kernel.root(), given.get("set-version", "") or kernel.release()
    world, _ = open_world(base, release, (), kernel.cmdline())
    policy = policy_of(facts, lambda: world, f"{base.rstrip('/')}/boot/vmlinuz-{release}")
    answers: list[Object] = []
    for alias in operands:
        verdict, means = policy(request._replace(alias=alias)), meaning(alias, world)
        decides = f" ({verdict.origin}: {_line(files, verdict.origin)})" if verdict.origin else ""
        loads = ", ".join(means.modules) or "nothing"
        answers.append(
            {
                "alias": alias,
                "verdict": verdict.word,
                "reason": verdict.reason,
                "origin": place(verdict.origin) if verdict.origin else None,
                "modules": list(means.modules),
                "needs": list(means.needs),
            }
        )
        if "json" not in given:
            sys.stdout.write(f"{alias} (means {loads}): {verdict.word}: {verdict.reason}{decides}\n")
    fields["requests"] = answers
    return 0 if all(answer["verdict"] == ALLOW for answer in answers) else 1


def _request(given: dict[str, str]) -> Request:
    uid = given.get("uid", "-1")
    if uid != "-1" and not (uid.isascii() and uid.isdigit()):
        raise UsageError(f"no user's number: '{uid}'", hint="`id -u NAME` tells it")
    requester = given.get("requester", "user" if "uid" in given else KERNEL)
    if requester not in REQUESTERS:
        raise UsageError(f"unknown requester '{requester}'", hint=f"known are: {', '.join(REQUESTERS)}")
    return Request("", requester, 0.0, uid=int(uid))


def _line(files: list[tuple[str, str]], origin: Origin | None) -> str:
    """Return the line at a place, as it is written."""
    text = next((text for path, text in files if origin and path == origin.file), "")
    rows = text.split("\n")
    return rows[origin.line - 1].strip() if origin and 0 < origin.line <= len(rows) else ""
