"""``python -m peerpact.testing NAME``: check scenarios, and print one problem a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from peerpact.scenarios.load import names
from peerpact.testing.conformance import check_scenario
from peerpact.text import counted

__all__ = ["main"]


def main(asked: Sequence[str]) -> int:
    """Check scenarios, or say which there are; return 1 where one has a problem, 2 without a name."""
    if not asked:
        print(f"usage: python -m peerpact.testing NAME; scenarios: {', '.join(names())}")
        return 2
    problems = {name: check_scenario(name) for name in asked}
    for name, found in problems.items():
        print(f"{name}: {counted(len(found), 'problem') if found else 'fine'}")
        for problem in found:
            print(f"- {problem}")
    return int(any(problems.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
