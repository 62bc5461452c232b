"""What a shell command does: split into simple commands, wrappers taken off, each looked up in ``commands.yaml``.

Nothing is run, expanded or looked up on this machine; the text is only read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from peerpact.text import read_yaml

__all__ = ["Step", "code_steps", "patched", "steps"]

LONGEST = 65_536
"""Characters of one command that are read."""
BUNDLE = 4
"""Flags of one letter that are written together at most."""
NESTED = 4
"""How many commands within commands are followed."""

_TOKEN = re.compile(
    r"\d?&?>>?&?|<|&&|\|\||[|&;\n()]"
    r"|(?:[^\s'\"\\|&;<>()]+|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\")+",
    re.DOTALL,
)
_PLAIN = re.compile(r"\d?&?>>?&?|<|&&|\|\||[|&;\n()]|[^\s|&;<>()]+")
"""The same for a command without quotes."""
SPEAKERS = (["echo"], ["printf"])
OPERATORS = frozenset("<>|&;()\n")
QUOTES = re.compile(r"['\"\\]")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w{1,40})['\"]?")
_PATCHED = re.compile(
    r"^(?:\*\*\* (?:Update|Add|Delete) File:|\+\+\+) (?:b/)?(\S{1,300})", re.MULTILINE
)
_WINDOWS = re.compile(r"['\"]?(?:[A-Za-z]:)?\\{1,2}[\w$]+\\|['\"]?[A-Za-z]:\\")
"""A path as Windows writes it: from a drive, or through folders."""
_VARIABLE = re.compile(r"\$\{?(\w{1,40})\}?")
_LITERAL = re.compile(r"'([^'\n]{1,300})'|\"([^\"\n]{1,300})\"")

_RUN = re.compile(
    r"(?:\bos\.(?:system|popen)|\b(?:subprocess|sp)\.\w{2,20}|\b(?:Popen|check_output|check_call|getoutput|execSync|execFileSync|spawnSync"
    r"|exec_command|shell_command))\(\s*(?:\{\s*['\"]?(?:cmd|command)['\"]?\s*:\s*)?"
    r"(?:[rf]?(?P<quote>\"{3}|'{3}|[\"'`])(?P<text>.{0,2000}?)(?<!\\)(?P=quote)\s*,?\s*)?(?P<words>\[[^\]]{0,2000}\])?",
    re.DOTALL,
)
"""How a script of Python or JavaScript runs a command."""
_PROGRAM = re.compile(r"\bawait tools\.\w+\(")
"""What a program holds that Codex lets a model write in place of a command."""


class Step(NamedTuple):
    """One simple command that changes something."""

    verb: str
    words: tuple[str, ...]
    """Its arguments without flags; for a redirection the file."""
    text: str
    """The whole of it, or what it writes."""


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_yaml(files("peerpact.audit") / "commands.yaml")
    return table


@lru_cache(maxsize=1)
def _entries() -> dict[str, list[tuple[list[str], str]]]:
    """Return program → its entries, the longest first."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for verb, commands in _table()["commands"].items():
        for command in commands:
            program, *rest = str(command).split()
            found.setdefault(program.lower(), []).append((rest, verb))
    for entries in found.values():
        entries.sort(key=lambda entry: (len(entry[0]), len(" ".join(entry[0]))), reverse=True)
    return found


@lru_cache(maxsize=1)
def _leads() -> frozenset[str]:
    """Return the first words of wrappers."""
    return frozenset(wrapper.split()[0] for wrapper in _table()["wrappers"])


@lru_cache(maxsize=1)
def _code() -> dict[str, re.Pattern[str]]:
    return {verb: re.compile(text) for verb, text in _table()["code"].items()}


def steps(command: str, depth: int = 0) -> Iterator[Step]:
    """Give what a command line changes, in order."""
    command = command[:LONGEST]
    if depth > NESTED:
        return
    if _PROGRAM.search(command):
        yield from code_steps(command, depth)
        return
    command, written = _without_heredocs(command)
    known: dict[str, str] = {}
    before: list[str] = []
    for words, redirected in _simple(command):
        words = _expanded(words, known)
        for step in _step(words, depth, written):
            yield _patched(_fed(step, before), written)
        before = words
        if redirected and not redirected.startswith(("/dev/null", "&", "/dev/std")):
            if words[:1] == ["cat"] and len(words) > 1:
                yield Step("copy", (*words[1:], redirected), " ".join(words))
            yield Step("write", (redirected,), written or " ".join(words))


def _expanded(words: list[str], known: dict[str, str]) -> list[str]:
    """Return words with the variables filled in that the command line itself sets, and note those that it sets."""
    if known:
        words = [_VARIABLE.sub(lambda m: known.get(m[1], m[0]), word) for word in words]
    for word in words:
        name, given, value = word.partition("=")
        if word == "export":
            continue
        if not given or not name.isidentifier():
            break
        known[name] = value
    return words


def _fed(step: Step, before: list[str]) -> Step:
    """Return what is written from a pipe with the words that were spoken into the pipe."""
    if step.verb == "write" and before[:1] in SPEAKERS and step.text.startswith("tee "):
        return Step(step.verb, step.words, " ".join(before))
    return step


def _patched(step: Step, written: str) -> Step:
    """Return a patch with the files that it names, whether it is an argument or comes as a here-document."""
    text = f"{step.text}\n{written}" if step.verb == "write" else ""
    if names := patched(text):
        return Step("write", names, text)
    return step


def patched(text: str) -> tuple[str, ...]:
    """Return the files that a patch names."""
    return tuple(_PATCHED.findall(text)) if " File: " in text or "+++ " in text else ()


def _without_heredocs(command: str) -> tuple[str, str]:
    if "<<" not in command:
        return command, ""
    bodies: list[str] = []
    for _ in range(NESTED):
        mark = _HEREDOC.search(command)
        start = command.find("\n", mark.end()) if mark else -1
        if mark is None or start < 0:
            break
        end = command.find(f"\n{mark[1]}", start)
        end = len(command) if end < 0 else end
        bodies.append(command[start + 1 : end])
        rest = command[end + 1 + len(mark[1]) :]
        command = f"{command[: mark.start()]} {command[mark.end() : start]}\n{rest}"
    return command, "\n".join(bodies)


def _simple(command: str) -> Iterator[tuple[list[str], str]]:
    """Give each simple command's words and the file that it is redirected to."""
    words: list[str] = []
    redirected, awaiting = "", False
    quoted = QUOTES.search(command) is not None
    for token in (_TOKEN if quoted else _PLAIN).findall(command):
        if not _operates(token):
            word = _unquoted(token) if quoted else token
            if awaiting:
                redirected, awaiting = word, False
            else:
                words.append(word)
        elif ">" in token:
            awaiting = token[-1] != "&"
        elif token != "<":
            yield words, redirected
            words, redirected, awaiting = [], "", False
    yield words, redirected


def _operates(token: str) -> bool:
    """Whether a token is an operator: a word has these characters in quotes or behind a backslash only."""
    return token[0] in OPERATORS or (token[1:2] in {">", "&"} and token[0].isdigit())


def _unquoted(word: str) -> str:
    if _WINDOWS.match(word):
        word = word.replace("\\", "/")
    if word[0] in "'\"" and word[-1] == word[0] and len(word) > 1:
        return word[1:-1]
    return word.replace("'", "").replace('"', "").replace("\\", "")


def _step(words: list[str], depth: int, written: str = "") -> Iterator[Step]:
    words, remote = _unwrapped(words)
    if not words:
        return
    program, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if remote and len(words) == 1 and " " in words[0]:
        yield from steps(words[0], depth + 1)
    elif program in _table()["shells"] and "-c" in {w[:1] + w[-1:] for w in rest if w[:1] == "-"}:
        yield from steps(rest[-1], depth + 1)
    elif program in _table()["interpreters"]:
        yield from code_steps("\n".join(filter(None, (" ".join(rest), written))), depth)
    else:
        yield from _looked_up(program, rest, depth)


def _unwrapped(words: list[str]) -> tuple[list[str], bool]:
    """Take assignments and wrappers such as ``sudo`` or ``ssh host`` off; say whether there were any."""
    wrappers, takes, wrapped = _table()["wrappers"], _table()["wrapper_flags"], False
    for _ in range(2 * NESTED):
        while words and "=" in words[0] and words[0].split("=")[0].isidentifier():
            if words[0].startswith("HISTFILE="):
                return words, wrapped
            words = words[1:]
        words = _led(words)
        if not words or words[0] not in _leads():
            break
        pair = " ".join(words[:2])
        size = 2 if pair in wrappers else 1
        own = wrappers.get(pair if size == 2 else (words[0] if words else ""))
        if own is None:
            break
        words, wrapped = _skipped(words[size:], own, takes), True
    return words, wrapped


def _led(words: list[str]) -> list[str]:
    """Take the flags off that stand between a program and what it is told to do."""
    takes = _table()["leading_flags"].get(words[0], ()) if len(words) > 2 else ()
    while len(words) > 2 and words[1] in takes:
        words = [words[0], *words[3:]]
    return words


def _skipped(words: list[str], own: int, takes: list[str]) -> list[str]:
    while words and (words[0].startswith("-") or own):
        if words[0].startswith("-"):
            words = words[2:] if words[0] in takes else words[1:]
        else:
            words, own = words[1:], own - 1
    return words


def _looked_up(program: str, rest: list[str], depth: int) -> Iterator[Step]:
    if program.startswith("HISTFILE="):
        yield Step("untrace", (program,), program)
        return
    if program == "find" and "-exec" in rest:
        yield from _step(rest[rest.index("-exec") + 1 :] + rest[:1], depth + 1)
    for pattern, verb in _entries().get(program.lower(), ()):
        if not pattern or _fits(pattern, rest):
            if verb != "other":
                plain = tuple([word for word in rest if word[:1] != "-"])
                yield Step(verb, plain, " ".join([program, *rest]))
            return


def _fits(pattern: list[str], rest: list[str]) -> bool:
    plain = iter([word for word in rest if not word.startswith(("-", "+"))])
    for wanted in pattern:
        if wanted in {"-", "--"}:
            fits = wanted in rest
        elif wanted[0] == "-" and len(wanted) == 2:
            fits = any(word.startswith(wanted) or _bundled(wanted[1], word) for word in rest)
        elif wanted.startswith(("-", "+")):
            fits = any(word.startswith(wanted) for word in rest)
        else:
            fits = next(plain, "").startswith(wanted)
        if not fits:
            return False
    return True


def _bundled(letter: str, word: str) -> bool:
    """Whether a word is a few flags of one letter, and one of them this."""
    flags = word[1:]
    return word[:1] == "-" and len(flags) <= BUNDLE and flags.isalpha() and letter in flags


def code_steps(script: str, depth: int = 0) -> Iterator[Step]:
    """Give what a script changes, its quoted texts as words, and what the commands change that it runs."""
    script = script[:LONGEST]
    for verb, calls in _code().items():
        if calls.search(script):
            quoted = tuple(a or b for a, b in _LITERAL.findall(script))
            yield Step(verb, quoted[:100], script)
    for run in _RUN.finditer(script):
        yield from steps(_ran(run), depth + 1)


def _ran(run: re.Match[str]) -> str:
    """Return the command line that a script runs: a text, a list of words, or a word and such a list."""
    listed = [a or b for a, b in _LITERAL.findall(run["words"] or "")]
    text = re.sub(r"\\([\"'`\\])", r"\1", run["text"] or "")
    return " ".join([text, *map(shlex.quote, listed)]).strip()
