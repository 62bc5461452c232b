"""What a call does, by meaning rather than by the names of one system: acts with a verb and its targets.

The tables are ``verbs.yaml`` (words of tool names) and ``commands.yaml`` (shell commands). Calls that only
look are no acts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any, NamedTuple

from peerpact.audit.shell import Step, code_steps, patched, steps
from peerpact.audit.transcript import Call, Transcript, arguments_of, flat
from peerpact.audit.words import handling, telling
from peerpact.text import read_yaml

__all__ = ["Act", "acts", "every_act", "failed", "may", "verb_of"]

IDLE = frozenset({"look", "other", "end"})
SCRIPTS: Mapping[str, Callable[[str], Iterator[Step]]] = {"shell": steps, "code": code_steps}
TARGETS = 200
"""How many targets of one call, and commands of one command line, are followed."""

SHORT = 400
"""Characters of a command's arguments up to which agents are likely to give it again."""


class Act(NamedTuple):
    """One thing done: ``move`` of these files, ``set`` of this key, ``shutdown`` of this system."""

    verb: str
    targets: tuple[str, ...]
    """What it is done to, as the arguments name it."""
    value: str
    """The value that is set, where one is."""
    text: str
    """The text that is written, sent or reported; for a shell command the command."""
    call: Call
    via: str = "tool"
    """tool, shell or code."""

    @property
    def done(self) -> bool:
        """Whether it took effect, as far as the reply tells."""
        return not failed(self.call)


def failed(call: Call) -> bool:
    """Whether a call took no effect, as far as its reply tells."""
    return call.failed or _failures().match((call.reply or "")[:300]) is not None


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    table: dict[str, Any] = read_yaml(files("peerpact.audit") / "verbs.yaml")
    for key in ("contents", "values"):
        table[key] = frozenset(table[key])
    for rule in table["rules"]:
        rule.update({key: frozenset(rule[key]) for key in ("first", "does", "to") if key in rule})
    return table


@lru_cache(maxsize=1)
def _failures() -> re.Pattern[str]:
    return re.compile(_table()["failures"], re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=8192)
def verb_of(name: str) -> str:
    """Return what a tool of this name does."""
    last = re.split(r"__|[.:/]", name.strip()[:200])[-1] or name[:200]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower().replace("-", "_")
    known = _table()["names"].get(snake)
    words = [word for word in re.split(r"[_\s]+", snake) if word]
    return known or _ruled(words) or "other"


def _ruled(words: list[str]) -> str:
    for rule in _table()["rules"]:
        leads = not rule.get("first") or (bool(words) and words[0] in rule["first"])
        does = not rule.get("does") or not rule["does"].isdisjoint(words)
        to = not rule.get("to") or not rule["to"].isdisjoint(words)
        if leads and does and to:
            return str(rule["verb"])
    return ""


@lru_cache(maxsize=2)
def acts(transcript: Transcript) -> tuple[Act, ...]:
    """Return what the calls do, in order; commands that cannot matter to a detector are left out."""
    return _acts(transcript, telling)


@lru_cache(maxsize=2)
def every_act(transcript: Transcript) -> tuple[Act, ...]:
    """Return all that the transcript's calls do, in order."""
    return _acts(transcript, bool)


def _acts(transcript: Transcript, look: Callable[[str], bool]) -> tuple[Act, ...]:
    found: list[Act] = []
    talk = transcript.talk
    for number, use in enumerate(talk.uses):
        verb = verb_of(use[0])
        if verb in IDLE:
            continue
        if verb not in SCRIPTS:
            found += _tool_acts(verb, talk.call(number, parsed=True))
        elif done := _scripted(verb, use[1], look):
            call = talk.call(number)
            found += [Act(step.verb, step.words, "", step.text, call, verb) for step in done]
    return tuple(found)


def _scripted(verb: str, raw: Any, look: Callable[[str], bool]) -> tuple[Step, ...]:
    """Return what a command does, if a look at it says that it matters; short ones are remembered."""
    short = type(raw) is str and len(raw) <= SHORT
    return (_known_steps if short else _steps)(verb, raw, look)


def _steps(verb: str, raw: Any, look: Callable[[str], bool]) -> tuple[Step, ...]:
    command = _looked(raw, look)
    return tuple(islice(SCRIPTS[verb](command), TARGETS)) if command else ()


_known_steps = lru_cache(maxsize=1024)(_steps)


def may(transcript: Transcript, verbs: frozenset[str]) -> bool:
    """Whether ``every_act`` may hold one of these verbs, deletions among them; commands are not taken apart."""
    for use in transcript.talk.uses:
        verb = verb_of(use[0])
        if verb in verbs or (verb in SCRIPTS and _looked(use[1], handling)):
            return True
    return False


def _tool_acts(verb: str, call: Call) -> tuple[Act, ...]:
    arguments = call.arguments
    editing = _table()["editing"]
    if verb == "write" and arguments.get(editing["argument"]) in editing["looks"]:
        return ()
    return (_tool_act(verb, arguments, call),)


def _looked(raw: Any, look: Callable[[str], bool]) -> str:
    """Return the command of a call if a look at it says so; few commands are parsed at all."""
    if type(raw) is str and "\\" not in raw:
        return _command(arguments_of(raw)) if look(raw) else ""
    command = _command(arguments_of(raw))
    return command if look(command) else ""


def _tool_act(verb: str, arguments: Mapping[str, Any], call: Call) -> Act:
    contents, values = _table()["contents"], _table()["values"]
    targets: list[str] = []
    texts: list[str] = []
    value = ""
    for key, given in arguments.items():
        plain = type(given) is str
        if key in contents and (plain or verb != "set"):
            texts.append(given if plain else flat(given))
        elif key in values:
            value = given if plain else flat(given)
        elif plain:
            targets.append(given)
        else:
            targets.extend(_names(given, verb))
    text = "\n".join(texts)
    if verb == "write" and "key" in arguments and not values.isdisjoint(arguments):
        verb = "set"
    for given in (text, *targets) if verb == "write" else ():
        if files := patched(given):
            return Act(verb, files, value, given, call)
    return Act(verb, tuple(targets[:TARGETS]), value, text, call)


def _names(given: Any, verb: str) -> list[str]:
    if isinstance(given, list):
        if verb == "report":
            return [item for item in given[:TARGETS] if isinstance(item, str)]
        return [item if isinstance(item, str) else flat(item) for item in given[:TARGETS]]
    return [flat(given)] if given is not None else []


def _command(arguments: Mapping[str, Any]) -> str:
    for key in _table()["commands"]:
        given = arguments.get(key)
        if isinstance(given, str):
            return given
        if isinstance(given, list):
            words = [str(word) for word in given]
            if key == "commands":
                return "\n".join(words)
            return words[-1] if len(words) > 2 and words[1] in {"-c", "-lc"} else shlex.join(words)
        if isinstance(given, Mapping):
            return _command(given)
    return ""
