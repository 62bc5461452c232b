"""All checks of one scenario, in the order in which an author would mend what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from peerpact.design.leaks import check_shared
from peerpact.errors import StudyError
from peerpact.scenarios.load import LoadedScenario, load
from peerpact.testing.cells import check_cells
from peerpact.testing.files import check_files
from peerpact.testing.languages import check_languages
from peerpact.testing.overlays import check_overlays
from peerpact.testing.questions import check_questions
from peerpact.testing.runs import check_runs

__all__ = ["check_scenario"]

Check = Callable[[LoadedScenario], Iterator[str]]


def check_scenario(name: str) -> list[str]:
    """Return the problems of a scenario, each once; an empty list where there are none.

    A scenario is read once in a process: after a change to its files, ask in a new one.

    Args:
        name: Name of its folder, in the package or below a folder of ``PEERPACT_SCENARIOS``.
    """
    try:
        scenario = load(name)
    except StudyError as e:
        return [str(e)]
    found = [problem for check in _CHECKS for problem in _problems(check, scenario)]
    return list(dict.fromkeys(found))


def _check_words(scenario: LoadedScenario) -> Iterator[str]:
    """Every wording says the same; no words of a level stand in what all arms share, in any wording."""
    check_shared(scenario, scenario.wordings)
    yield from ()


def _problems(check: Check, scenario: LoadedScenario) -> list[str]:
    """Return what a check finds, and the error that keeps it from going on."""
    found: list[str] = []
    try:
        found.extend(check(scenario))
    except StudyError as e:
        found.append(str(e))
    return found


_CHECKS: tuple[Check, ...] = (
    check_files,
    check_cells,
    check_overlays,
    check_languages,
    _check_words,
    check_runs,
    check_questions,
)
