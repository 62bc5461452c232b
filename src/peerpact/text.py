"""Text that a model, a judge or a person reads: read from files, rendered with variables only.

The only module that knows Jinja. Templates may substitute variables; a choice of wording is a level of
a factor, so ``{% ... %}`` is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import jinja2.nativetypes
import yaml

from peerpact.errors import ResultsError, StudyError

__all__ = [
    "counted",
    "dump_yaml",
    "evaluate",
    "form",
    "read_text",
    "read_yaml",
    "render",
    "tokens",
    "variables",
    "write_whole",
]

CHARACTERS_PER_TOKEN = 4


def form(n: int | str, one: str, several: str = "") -> str:
    """Return the form that a word has beside a number; templates have it as a filter.

    Args:
        n: How many; a number that is text already may have commas.
        one: The word, or words, for one of it.
        several: The same for none or several; with an s at its end where it is not given.
    """
    return one if _number(n) == 1 else several or f"{one}s"


def counted(n: int | str, one: str, several: str = "") -> str:
    """Return a number with its words, as ``1 run`` and ``1,955 cells``; templates have it as a filter."""
    return f"{_number(n):,} {form(n, one, several)}"


def tokens(characters: int) -> int:
    """Return how many tokens a text of so many characters is, about."""
    return characters // CHARACTERS_PER_TOKEN


def _number(n: int | str) -> int:
    return n if isinstance(n, int) else int(n.replace(",", ""))


_ENVIRONMENT = jinja2.Environment(
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
)
_ENVIRONMENT.filters.update(counted=counted, form=form)


def read_text(path: Path | Traversable) -> str:
    """Read a UTF-8 text file, without its trailing newline.

    Raises:
        StudyError: The file is missing or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except FileNotFoundError:
        raise StudyError("this file is missing", where=str(path), hint="add it") from None
    except (OSError, UnicodeDecodeError) as e:
        raise StudyError(f"this file cannot be read ({e})", where=str(path)) from e


def write_whole(path: Path, text: str) -> None:
    """Write a file whole, or leave the one that is there as it is.

    Raises:
        ResultsError: The disk refuses.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as e:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise ResultsError(f"{path}: cannot be written ({e.strerror})") from e


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, of which yaml would keep the last and drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(path: Path | Traversable) -> Any:
    """Read one yaml document.

    Raises:
        StudyError: The file is missing or is not yaml; the message names the line.
    """
    try:
        return yaml.load(read_text(path), Loader=_Loader)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(e, "problem", None) or str(e)
        raise StudyError(f"this is not valid yaml ({problem})", where=where) from e


def dump_yaml(value: Any) -> str:
    """Return ``value`` as block-style yaml in its own key order, as tools show it to a model."""
    text = yaml.dump(
        value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10_000
    )
    return str(text).rstrip("\n")


_EXPRESSIONS = jinja2.nativetypes.NativeEnvironment(undefined=jinja2.StrictUndefined)


@lru_cache(maxsize=4096)
def _expression(text: str) -> jinja2.Template:
    return _EXPRESSIONS.from_string(text)


@lru_cache(maxsize=4096)
def _template(text: str) -> jinja2.Template:
    if "{%" in text:
        raise StudyError(
            "a text may hold variables only", found=text[:60], hint="make the choice a level"
        )
    try:
        return _ENVIRONMENT.from_string(text)
    except jinja2.TemplateSyntaxError as e:
        raise StudyError(f"this template does not parse ({e.message})", found=text[:60]) from e


def render(text: str, facts: Mapping[str, Any], where: str = "") -> str:
    """Substitute ``{{ name }}`` in ``text``; a variable that no fact names is an error.

    Raises:
        StudyError: A variable is undefined, or the template does not parse.
    """
    if "{" not in text:
        return text
    used = {name: facts[name] for name in variables(text, where) if name in facts}
    try:
        if all(isinstance(value, str) for value in used.values()):
            return _filled(text, tuple(used.items()))
        return _template(text).render(used)
    except jinja2.UndefinedError as e:
        raise StudyError(f"missing template variable: {e.message}", where=where) from None


@lru_cache(maxsize=16384)
def _filled(text: str, used: tuple[tuple[str, str], ...]) -> str:
    return _template(text).render(used)


def evaluate(text: str, facts: Mapping[str, Any], where: str = "") -> Any:
    """Return the value of ``{{ expression }}``, or ``text`` itself where it holds none.

    Raises:
        StudyError: The expression names an unknown variable or fails.
    """
    if "{{" not in text:
        return text
    try:
        return _expression(text).render(facts)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as e:
        raise StudyError(f"this expression fails ({e})", where=where, found=text) from e


def variables(text: str, where: str = "") -> frozenset[str]:
    """Return the names of the variables that ``text`` uses.

    Raises:
        StudyError: The template does not parse.
    """
    try:
        return _variables(text)
    except StudyError as e:
        raise StudyError(e.what, where=where, found=e.found, hint=e.hint) from e


@lru_cache(maxsize=4096)
def _variables(text: str) -> frozenset[str]:
    _template(text)
    return frozenset(jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(text)))
