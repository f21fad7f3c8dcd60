"""A simulated kernel as text, for people: what it is, what is loaded, and what each module has (or would have)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def text(facts: dict[str, Any]) -> str:
    """Return the page of ``lkm sim show`` from the values of its JSON form."""
    exports = facts["exports"]
    lines = [
        f"simulated Linux {facts['release']}, dialect {facts['dialect']}, {facts['clock']:.6f} s after boot",
        f"  file      {facts['file']}",
        f"  modules   {facts['tree']}/lib/modules/{facts['release']}",
        f"  vermagic  {facts['vermagic'] or 'not known'}",
        f"  exports   {exports['kernel']} of the kernel, {exports['all'] - exports['kernel']} of modules",
        f"  policy    {_policy(facts['policy'])}",
    ]
    for module in facts["modules"]:
        lines += ["", *_module(module)]
        lines += _resources([r for r in facts["resources"] if r["module"] == module["name"]])
    for title, rows in (("in use", _opened(facts["opened"])), ("faults", _faults(facts["faults"]))):
        lines += ["", f"{title}:", *rows] if rows else []
    return "\n".join(lines) + "\n"


def _policy(policy: dict[str, str]) -> str:
    return ", ".join(key if value == "1" else f"{key}={value}" for key, value in policy.items()) or "none"


def _module(module: dict[str, Any]) -> list[str]:
    users = f" by {' '.join(module['holders'])}" if module["holders"] else ""
    marks = [module["state"]] if module["state"] != "Live" else []
    marks += ["permanent"] if module["permanent"] else []
    marks += [f"taint {module['taint']}"] if module["taint"] else []
    lines = [f"{module['name']}  {module['size']} bytes, used {module['refcount']}{users}"]
    lines[0] += f" ({', '.join(marks)})" if marks else ""
    return lines + [f"  parameter {name}={value}" for name, value in module["parameters"].items()]


def _resources(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        if row["kind"] == "parameter":
            mark = " (predicted)" if row["predicted"] else ""
            lines.append(f"  /sys/module/{row['module']}/parameters/{row['name']} {row['number']:04o}{mark}")
            continue
        number = "" if row["number"] is None or row["kind"] == "filesystem" else f" {row['number']}"
        lines.append(f"  {row['kind']}{number} {row['name']}{' (predicted)' if row['predicted'] else ''}")
    return lines


def _opened(rows: list[dict[str, Any]]) -> list[str]:
    return [f"  {r['what']}: {r['count']} by {r['module'] or 'the kernel itself'}" for r in rows]


def _faults(rows: list[dict[str, Any]]) -> list[str]:
    return [f"  {r['module']}: {r['kind']}{' ' + r['argument'] if r['argument'] else ''}" for r in rows]
