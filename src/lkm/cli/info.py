"""``lkm info``: what is known of a module: file, state, users, parameters, hardware, configuration."""

from __future__ import annotations

import os

from lkm.cli import verbs
from lkm.cli.options import Option
from lkm.errors import FormatError, LkmError, MachineError, NotFound
from lkm.names import fold, is_module_path
from lkm.plan.resolve import COMMAND_LINE, Candidate, from_path, resolve
from lkm.report.info import About, about_object, about_text, why_text
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.info_details import Details
    from lkm.cli.verbs import Verb
    from lkm.report.document import Object
    from lkm.report.info import More
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import Uses

USAGE = """lkm info [options] NAME|ALIAS|FILE...

Tells what is known of each module: file, signature, state, who uses it and why it is loaded, or would be; parameters
with their values, what the configuration says of it and where; the hardware it knows, and this machine's.
Of another kernel's modules (-d, -S) no state is shown. `lkm show` is another name of it."""
OPTIONS = (Option("", "why", "", "tell only why it is loaded, or would be, and what keeps it"), *verbs.COMMON)


def main(argv: list[str]) -> int:
    """Tell; status 3 when something was not found."""
    return verbs.main(argv[0], USAGE, OPTIONS, argv[1:], _work)


def _work(verb: Verb, operands: list[str], fields: Object) -> int:
    from lkm.cli.info_details import Details

    state = KernelState()
    ours = verb.root == verb.kernel.root() and verb.given.get("set-version", "") in ("", verb.kernel.release())
    details = Details(verb, ours=ours)
    if ours:
        try:
            state = verb.kernel.state()
        except MachineError:
            ours = False  # a kernel without modules: the files can be shown all the same
    found: list[About] = []
    for word in operands:
        candidates = _candidates(verb, word, state, ours)
        if not candidates:
            verb.not_found(word, f"there is no module or alias {word} in {verb.world.directory}, and none is loaded")
        found += [_about(verb, details, candidate, word, state, ours) for candidate in candidates]
    verb.problems()
    text = why_text if "why" in verb.given else about_text
    verb.print("\n".join([text(about) for about in found]))
    fields |= {"cause": verb.cause, "modules": [about_object(about) for about in found]}
    return verb.status()


def _candidates(verb: Verb, word: str, state: KernelState, ours: bool) -> tuple[Candidate, ...]:
    if is_module_path(word) and os.path.isfile(word):
        try:
            return (from_path(os.path.abspath(word), verb.world),)
        except NotFound:
            return ()
    try:
        found = resolve(word, verb.world)
    except FormatError:
        found = ()
    name = fold(word)
    # In /sys a module is a directory, of which "", ".." and "a/.." are none.
    known = state.find(name) or (ours and name.strip(".") and "/" not in name and verb.kernel.initstate(name))
    if not found and known:
        found = (Candidate(name, "", COMMAND_LINE),)
    return found


def _about(verb: Verb, details: Details, candidate: Candidate, word: str, state: KernelState, ours: bool) -> About:
    world, kernel = verb.world, verb.kernel
    name = candidate.module
    module = state.find(name)
    path = world.path(candidate)
    builtin = not path and world.is_builtin(name)
    info: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    more: More | None = None
    problem = ""
    try:
        info = verb.index.builtin_modinfo(name) if builtin else ()
        if path:
            info, more = details.read(path)
        needs = tuple([str(need.module) for need in world.needs(candidate)])
    except LkmError as error:
        problem = str(error)
    names = (name, candidate.alias or name)
    settings = world.settings
    return About(
        word,
        name,
        candidate.alias,
        candidate.origin,
        path,
        builtin,
        module,
        kernel.initstate(name) if ours else "unknown",
        _uses(verb, module, state),
        info,
        kernel.parameters(name) if ours else (),
        needs,
        tuple([options for options in settings.options if options.module in names and options.text]),
        (world.blacklisted(name), world.forbidden(name)),
        (world.command(candidate, "install"), world.command(candidate, "remove")),
        world.softdeps(name),
        tuple([weakdep for weakdep in settings.weakdeps if weakdep.module == name]),
        problem,
        details.add(more, name, info, module, asked=not builtin),
    )


def _uses(verb: Verb, module: LoadedModule | None, state: KernelState) -> Uses | None:
    from lkm.system.users import uses_of

    return uses_of(verb.kernel, module, state)
