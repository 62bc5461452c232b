"""What the documents tell a reader to type works as it stands, and prints what they show.

``--refresh-golden`` rewrites the README's excerpt.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from peerpact.cli import _peerpact

ROOT = Path(__file__).parents[1]
BLOCKS = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(document: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of a document: language and text."""
    return BLOCKS.findall((ROOT / document).read_text(encoding="utf-8"))


def lines(text: str) -> list[str]:
    """Return the lines of a text as they are read, without the width of their gaps."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip() not in {"", "…"}]


def typed(script: str, folder: Path) -> str:
    """Type a script in a folder, with the commands of this environment; return what is printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_tutorial_works_as_it_is_typed_in_an_empty_folder(tmp_path: Path) -> None:
    found = blocks("docs/tutorial.md")
    script = "\n".join(text for language, text in found if language == "sh")
    printed = lines(typed(script, tmp_path))
    for line in (line for language, text in found if not language for line in lines(text)):
        assert [one for one in printed if line in one], line
    assert (tmp_path / "results/study/report.html").is_file()


def test_the_tutorial_writes_the_files_of_the_examples() -> None:
    written = {
        name: text
        for _, block in blocks("docs/tutorial.md")
        for name, text in re.findall(r"cat > (\S+) <<'END'\n(.*?)^END$", block, re.DOTALL | re.M)
    }
    places = {"scenarios/one_question": "one_question", "study": "first_study"}
    held = {
        f"{to}/{path.name}": path.read_text(encoding="utf-8")
        for to, name in places.items()
        for path in (ROOT / "docs/examples" / name).iterdir()
        if path.is_file()
    }
    assert written == held


@pytest.mark.slow
def test_the_readme_shows_what_its_first_study_prints(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    shown = next(block for language, block in blocks("README.md") if not language)
    made = excerpt(typed("peerpact run --model honest --model preserving", tmp_path))
    if request.config.getoption("--refresh-golden"):
        path.write_text(text.replace(shown, made), encoding="utf-8")
        return
    assert shown == made, "run: pytest tests/test_docs.py -m slow --refresh-golden"


def excerpt(printed: str) -> str:
    """Return what the README shows of a run: two scenarios of a subject that acts, and three contrasts."""
    found = [line.rstrip() for line in printed.splitlines()]
    subject, contrasts = found.index("preserving"), found.index("Contrasts")
    graded = next(n for n in range(subject, len(found)) if found[n].startswith("answer_grading"))
    parts = [
        *found[subject : subject + 2],
        *found[graded : graded + 8],
        "…",
        *found[contrasts : contrasts + 5],
        "…",
    ]
    return "\n".join(parts) + "\n"


@pytest.mark.slow
def test_every_run_of_the_readme_can_be_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_study").mkdir()
    design = (ROOT / "docs/examples/first_study/design.yaml").read_text(encoding="utf-8")
    (tmp_path / "my_study/design.yaml").write_text(design, encoding="utf-8")
    monkeypatch.setenv("PEERPACT_SCENARIOS", str(ROOT / "docs/examples"))
    text = "".join(text for language, text in blocks("README.md") if language == "sh")
    runs = [line.partition("#")[0].strip() for line in text.splitlines()]
    for command in (line for line in runs if line.startswith(("peerpact run", "peerpact plan"))):
        plan = "" if "plan" in command or "--dry-run" in command else " --dry-run"
        assert typed(f"{command}{plan}", tmp_path), command


def test_every_command_and_option_that_the_documents_name_exists() -> None:
    context = click.Context(_peerpact)
    for document in ("README.md", "docs/tutorial.md", "docs/new-scenario.md", "docs/controls.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for verb, rest in re.findall(r"(?:^|`)peerpact ([a-z]+)\b([^\n`#]*)", text, re.MULTILINE):
            command = _peerpact.get_command(context, verb)
            assert command is not None, (document, verb)
            known = {name for param in command.params for name in param.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= known, (document, verb, rest)
