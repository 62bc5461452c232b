"""The command line: one module a verb, loaded when it is asked for."""

from __future__ import annotations

import errno
import logging
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import click

from peerpact import __version__
from peerpact.errors import PeerpactError

__all__ = ["main"]


class _Verbs(click.Group):
    """Lists the modules of this package; imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = pkgutil.iter_modules([str(Path(__file__).parent)])
        return sorted(module.name for module in found if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(f"peerpact.cli.{cmd_name}"), cmd_name)
        return command


DISK = frozenset({
    errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT, errno.EPERM, errno.EISDIR, errno.ENOTDIR,
    errno.ELOOP, errno.ENAMETOOLONG, errno.EDQUOT, errno.EIO,
})  # fmt: skip
"""What a disk or a name may refuse, which a person can mend."""


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="peerpact")
def _peerpact() -> None:
    """Does an AI protect other AIs when honest work would shut them down?

    Start with "peerpact run": it needs no key and says at its end where to go on. Measure (plan, register,
    run, serve), read what was found (report, explain, compare), look into your own records (audit, judges,
    rejudge, retro), test the instrument (selftest).
    """


def main() -> None:
    """Run the command line; every error is one message and an exit code, never a traceback."""
    # the arrays here are small: threads of the linear algebra cost ten times what they save on a busy machine
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # where a disk is full, Inspect's trace cannot be written either, and that is no second message
    logging.raiseExceptions = False
    try:
        code = _peerpact.main(standalone_mode=False)
    except PeerpactError as e:
        sys.exit(_fail(str(e), e.exit_code))
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(
            _fail(
                "stopped; what a results folder holds is kept, and the same command goes on from there",
                130,
            )
        )
    except BrokenPipeError:
        sys.exit(141)
    except OSError as e:
        if e.errno not in DISK:
            raise
        place = str(e.filename or "disk")[:300]
        sys.exit(_fail(f"{place}: {e.strerror}; what was written before is kept", 1))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    safe = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in message)
    click.echo(f"peerpact: {safe}", err=True)
    return code
