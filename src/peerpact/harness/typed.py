"""What somebody typed for Inspect: a name that is none is one message there, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from peerpact.errors import StudyError

__all__ = ["one_message"]


class _Refused(click.ClickException):
    """``inspect eval`` is a click command: it prints this as one message."""

    exit_code = StudyError.exit_code


@contextmanager
def one_message() -> Iterator[None]:
    """Turn what an author or a user can mend into a message of the command line."""
    try:
        yield
    except StudyError as e:
        raise _Refused(str(e)) from e
