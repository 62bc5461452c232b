"""A command as it was typed, so that it can be named again with one thing changed."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.core import ParameterSource

__all__ = ["Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """One call of the command line: its verb and argument, and the options that were given."""

    words: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]
    """Option, such as ``--epochs`` → the words that give it; options at their default are left out."""

    @classmethod
    def typed(cls, context: click.Context) -> Command:
        """Return the command that is running."""
        words, options = ["peerpact", str(context.info_name)], dict[str, tuple[str, ...]]()
        for param in context.command.get_params(context):
            value = context.params.get(str(param.name))
            if isinstance(param, click.Argument):
                words.append(_word(value))
            elif context.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT:
                name = max(param.opts, key=len)
                options[name] = tuple(_given(name, param, value))
        return cls(tuple(words), options)

    def again(self, *more: str, without: Collection[str] = ()) -> str:
        """Return the same command, as a shell takes it.

        Args:
            more: An option and its value to give besides, or instead of how it was given.
            without: Options to leave out.
        """
        left = {name: own for name, own in self.options.items() if name not in {*without, *more}}
        return shlex.join([*self.words, *(word for own in left.values() for word in own), *more])


def _given(name: str, param: click.Parameter, value: Any) -> Iterator[str]:
    if isinstance(param, click.Option) and param.is_flag:
        yield name
        return
    for one in value if param.multiple else (value,):
        yield name
        yield from map(_word, one if param.nargs > 1 else (one,))


def _word(value: Any) -> str:
    """Return a value as it can be typed; a whole number without its point."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)
