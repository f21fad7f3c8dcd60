"""What modprobe of modutils 2.4 said, from memory of it, and under it what it meant and what to do (indented).

Also ``modprobe -c``, which is a configuration that modprobe reads again.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.config.nouns24 import FILES
from lkm.plan.stack24 import Choice, Insert24, Off, stem
from lkm.plan.steps import Absent, Command, Insert, Loaded, NotLoaded, Remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.config.nouns24 import Conf24, Directive24
    from lkm.plan.stack24 import Tree24
    from lkm.plan.steps import Step

INSMOD = "/sbin/insmod"
_PLACES = 3  # how many directories a message names


def some(places: Sequence[str]) -> str:
    """Return the first of some directories, and how many more there are."""
    more = f" and {len(places) - _PLACES} more places" if len(places) > _PLACES else ""
    return ", ".join(places[:_PLACES]) + more


def cannot_locate(step: Absent, asked: str, tree: Tree24) -> tuple[str, ...]:
    """No alias and no file of a name; ``asked`` is the name that led to it."""
    name = str(step.module)
    below = some([path.path for path in tree.conf.paths])
    why = f"{asked} means {name} ({step.reason.origin})" if asked != name else f"there is no alias for {name}"
    lines = [
        f"modprobe: Can't locate module {asked}",
        f"  why: {why}, and there is no file {name}.o below {below}.",
    ]
    near = nearest(name, dict.fromkeys([stem(path) for path in tree.files]))
    if near and near != name:
        lines.append(f"  Did you mean {near}?")
    which = "a" if asked == name else "another"
    lines.append(f"  If {which} module serves it, say so in /etc/modules.conf: alias {asked} MODULE")
    return tuple(lines)


def is_off(step: Off, asked: str) -> tuple[str, ...]:
    """The configuration refuses the name."""
    return (
        f"modprobe: Can't locate module {asked}",
        f"  why: {step.origin} says 'alias {step.module} off'. Take that line out to have it loaded.",
    )


def insmod_failed(path: str, asked: str) -> tuple[str, str]:
    """Insmod has said why; modprobe says what for."""
    return f"{path}: insmod {path} failed", f"{path}: insmod {asked} failed"


def no_dependencies(path: str, release: str) -> tuple[str, ...]:
    """There is no modules.dep."""
    return (
        f"modprobe: Can't open dependencies file {path} (No such file or directory)",
        f"  why: depmod writes it, and has not run for this kernel. Run: depmod -a {release}",
    )


def is_stale(newer: str, depfile: str) -> str:
    """The configuration was changed after depmod ran."""
    return f"Note: {newer} is more recent than {depfile}"


def command_failed(step: Command, status: int) -> tuple[str, ...]:
    """A command of the configuration left with another status than 0."""
    meaning = {
        "pre-install": f"so {step.module} is not loaded.",
        "install": f"so {step.module} counts as not loaded.",
        "post-install": f"so {step.module} is taken out again.",
        "pre-remove": f"so {step.module} stays.",
    }.get(step.kind, "which is all that it changes.")
    return (
        f"modprobe: {step.kind} {step.module} failed",
        f"  why: {step.origin}: '{step.text}' left with status {status}, {meaning}",
    )


def undone(steps: Sequence[Step]) -> tuple[str, ...]:
    """What was taken out again; ``steps`` are those after which their module is gone."""
    gone = [str(step.module) for step in steps if isinstance(step, Remove) and step.reason.kind == "undo"]
    return (f"  removed again, as loaded for that only: {', '.join(gone)}",) if gone else ()


def not_loaded(name: str) -> tuple[str, ...]:
    """There is nothing to remove."""
    return f"modprobe: module {name} is not loaded", "  why: lsmod lists what is; names count exactly."


def unsafe(word: str, why: str) -> tuple[str, ...]:
    """What is refused from whoever may be an attacker."""
    return (
        f"modprobe: not accepted in safe mode: '{word}'",
        f"  why: {why}",
        "  Safe mode is on, as the environment is the one that the kernel gives its helper, or the user ids differ.",
    )


def action(step: Step) -> str:
    """Return the line of -v and -n for a step, or nothing."""
    if isinstance(step, Insert24):
        return " ".join(filter(None, [INSMOD, *step.flags, step.path, step.options])) + "\n"
    if isinstance(step, Insert):
        return f"{INSMOD} {step.path} {step.options}".rstrip() + "\n"
    if isinstance(step, Remove):
        return f"# delete {step.module}\n"
    return f"sh -c '{step.line}'\n" if isinstance(step, Command) else ""


def stack(steps: Sequence[Step], depth: int = 1) -> str:
    """Return a plan as -d shows it: each step with its reason, alternatives indented."""
    out = []
    blank = "  " * depth
    for step in steps:
        if isinstance(step, Choice):
            how = "all of" if step.every else "the first of" if len(step.alternatives) > 1 else "if it can be:"
            out.append(f"{blank}{step.module}: {how}\n")
            out += [stack(alternative, depth + 1) for alternative in step.alternatives]
            continue
        text = action(step).rstrip("\n")
        if isinstance(step, Absent | NotLoaded | Off):
            text = f"no module {step.module}"
        elif isinstance(step, Loaded):
            text = f"{step.module} is loaded"
        out.append(f"{blank}{text}    {step.reason}\n")
    return "".join(out)


def config_text(conf: Conf24, release: str) -> str:
    """Return the configuration that counts, as a file (modprobe -c)."""
    lines = [f"# Generated by modprobe -c ({release})", "keep" if not conf.paths else ""]
    lines += [f"path[{path.tag}]={path.path}" for path in conf.paths]
    lines += ["", "# Names of files"]
    values = dict(conf.files)
    lines += [f"{key}={values[key]}" for key in (*FILES, "persistdir")]
    lines += [f"insmod_opt={' '.join(conf.insmod_options)}"] if conf.insmod_options else []
    lines += [f"define {name} '{value}'" for name, value in conf.defines]
    lines += ["", f"prune {' '.join(conf.prune)}", "", "# Aliases and lists"]
    lines += [_line(each) for each in conf.directives if _counts(conf, each)]
    return "\n".join([line for line in lines if line]) + "\n"


def _counts(conf: Conf24, each: Directive24) -> bool:
    if each.kind in ("alias", "install", "remove") or "-" in each.kind:
        return conf.last(each.kind, each.name) is each
    return each in conf.of(each.kind, each.name)


def _line(each: Directive24) -> str:
    head = f"{'add ' if each.added else ''}{each.kind}{' -k' if each.keeps else ''} {_word(each.name)}"
    command = each.kind in ("install", "remove") or "-" in each.kind
    return " ".join([head, *(each.words if command or each.kind == "options" else map(_word, each.words))])


def _word(text: str) -> str:
    return f"'{text}'" if text == "" or any(char in text for char in ' \t#$`"\\') else text
