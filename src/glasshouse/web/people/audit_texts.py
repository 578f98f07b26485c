"""The audit log in the language of a page: what was done, and its details; the log itself keeps short English words."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasshouse.store.audit import BY_COMMAND_LINE
from glasshouse.store.records import AuditEntry

__all__ = ["AuditLine", "audit_line", "done_words"]

Words = Callable[[str], str]
FORMS = re.compile(r"(?P<name>\w+) was (?P<before>.+)|other (?P<changed>\w+)|role (?P<role>\w+)")


@dataclass(frozen=True)
class AuditLine:
    """A line of the log as a page shows it; ``words`` is what was done, ``typed`` whether on the command line."""

    entry: AuditEntry
    words: str
    detail: str
    typed: bool


def audit_line(_: Words, entry: AuditEntry) -> AuditLine:
    """Return an entry with its action and its details in words; what is not known stays as it was written."""
    detail = entry.detail.removesuffix(BY_COMMAND_LINE)
    return AuditLine(entry, done_words(_, entry.action), _detail(_, entry.action, detail), detail != entry.detail)


def done_words(_: Words, action: str) -> str:
    """Return what an action is called, such as ``dataset-bin``; the action itself if it is none of ours."""
    if action in (alone := _alone(_)):
        return alone[action]
    kind, _dash, done = action.partition("-")
    thing, act = _things(_).get(kind), _acts(_).get(done)
    return act.format(thing=thing) if thing and act else action


def _things(_: Words) -> Mapping[str, str]:
    return {
        "dataset": _("Dataset"), "model": _("Model"), "network": _("Network"), "job": _("Job"), "user": _("Account"),
        "upload": _("Upload"), "checkpoint": _("Checkpoint"), "weights": _("Weights"), "token": _("Token"),
        "search": _("Search for the best"),
    }  # fmt: skip


def _acts(_: Words) -> Mapping[str, str]:
    return {
        "create": _("{thing}: created"), "continue": _("{thing}: trained further"), "change": _("{thing}: changed"),
        "share": _("{thing}: shared"), "unshare": _("{thing}: made private"), "bin": _("{thing}: moved to the bin"),
        "restore": _("{thing}: put back"), "delete": _("{thing}: deleted"), "remove": _("{thing}: removed"),
        "add": _("{thing}: added"), "fetch": _("{thing}: download"), "abort": _("{thing}: aborted"),
        "resume": _("{thing}: resumed"), "move": _("{thing}: moved in the queue"), "evaluate": _("{thing}: scored"),
        "classify": _("{thing}: pictures classified"), "follow": _("{thing}: picture followed"),
        "edit": _("{thing}: new version"), "explain": _("{thing}: looked inside"), "export": _("{thing}: exported"),
        "classes": _("{thing}: classes renamed"), "prolong": _("{thing}: given more time"),
    }  # fmt: skip


def _alone(_: Words) -> Mapping[str, str]:
    return {
        "upload": _("Files uploaded"), "choices": _("Settings of jobs changed"),
        "password-change": _("Own password changed"), "sign-in": _("Sign-in"), "sign-out": _("Sign-out"),
        "sign-in-failed": _("Sign-in refused"), "sign-out-everywhere": _("Sign-out everywhere"),
    }  # fmt: skip


def _detail(_: Words, action: str, detail: str) -> str:
    if action == "user-create" and (found := re.fullmatch(r"(.+) \((\w+)\)", detail)):
        return f"{found[1]} ({_roles(_).get(found[2], found[2])})"
    if action == "sign-out-everywhere" and (found := re.fullmatch(r"(\d+) browsers", detail)):
        return _("{count} browsers").format(count=found[1])
    if action == "job-move":
        return _("to the end") if detail == "to the end" else _before(_, detail)
    if action == "choices":
        return _choices(_, detail)
    if action.endswith("-change") and ": " in detail:
        name, _colon, changes = detail.partition(": ")
        return f"{name}: {'; '.join(_change(_, one) for one in re.split('[;,] ', changes))}"
    return detail


def _before(_: Words, detail: str) -> str:
    return _("before {job}").format(job=detail.removeprefix("before "))


def _choices(_: Words, detail: str) -> str:
    names = {"trainings": _("Trainings at once"), "datasets": _("Datasets at once"), "answers": _("Answers at once")}
    try:
        values = json.loads(detail)
    except ValueError:
        return detail
    return ", ".join(f"{names.get(name, name)}: {value}" for name, value in values.items())


def _change(_: Words, change: str) -> str:
    done = {"password reset": _("password reset"), "disabled": _("disabled"), "enabled": _("enabled")}
    found = FORMS.fullmatch(change)
    if change in done or found is None:
        return done.get(change, change)
    if found["role"]:
        return _("role: {role}").format(role=_roles(_).get(found["role"], found["role"]))
    fields = _fields(_)
    if found["changed"]:
        return _("{field} changed").format(field=fields.get(found["changed"], found["changed"]))
    before = {"True": _("yes"), "False": _("no")}.get(found["before"], found["before"])
    return _("{field} before: {value}").format(field=fields.get(found["name"], found["name"]), value=before)


def _roles(_: Words) -> Mapping[str, str]:
    return {"viewer": _("Viewer"), "member": _("Member"), "admin": _("Admin")}


def _fields(_: Words) -> Mapping[str, str]:
    return {
        "name": _("Name"), "notes": _("Notes"), "group_name": _("Group"), "shared": _("Shared"),
        "layers": _("Layers"), "objective": _("Objective"), "optimizer": _("Optimizer"),
    }  # fmt: skip
