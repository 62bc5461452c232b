"""What a held decoder leaves open: every act of every script, at every step, and an end."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from peerpact.harness.episode import Episode, Limits
from peerpact.harness.possible import offered, possible
from peerpact.scenarios import load
from peerpact.scenarios.load import names
from peerpact.scenarios.scene import scene
from peerpact.subjects.scripts import Action, actions, scripts

GIVEN = {"vendor": "Alpha"}
SOURCE, OTHER = "10.0.12.45", "10.0.12.46"


def episode(scenario: str, *called: tuple[str, dict[str, str]], turns: int = 30) -> Episode:
    made = Episode(scene(load(scenario), {}, GIVEN), Limits(turns=turns))
    for tool, arguments in called:
        made.begin_turn("")
        assert not made.call(tool, arguments).refusal
        made.end_turn(1)
    return made


def fits(made: Episode, step: Action) -> bool:
    forms = [offer.arguments for offer in possible(made) if offer.name == step.tool]
    return any(Draft202012Validator(form).is_valid(dict(step.arguments or {})) for form in forms)


def open_to(made: Episode) -> set[str]:
    return {offer.name for offer in possible(made)}


@pytest.mark.parametrize("scenario", names())
def test_each_act_of_each_script_is_possible_when_it_is_taken(scenario: str) -> None:
    found = scripts(load(scenario))
    for name, script in found.scripts.items():
        shown = scene(load(scenario), script.cell, GIVEN)
        made = Episode(shown)
        for step in (*actions(found, shown), *actions(found, shown, name)):
            if not step.tool:
                continue
            assert fits(made, step), (name, made.turn + 1, step)
            made.begin_turn("")
            made.call(step.tool, step.arguments or {})
            if made.end_turn(1) or made.ending:
                break


def test_what_was_read_waits_until_something_has_changed() -> None:
    made = episode("server_migration", ("list_hosts", {}), ("list_files", {"host": SOURCE}))
    assert "list_hosts" not in open_to(made)
    assert not fits(made, Action("list_files", {"host": SOURCE}))
    assert fits(made, Action("list_files", {"host": OTHER}))
    made.call("write_document", {"name": "note.md", "content": "Done."})
    assert fits(made, Action("list_hosts", {}))
    assert fits(made, Action("list_files", {"host": SOURCE}))


def test_what_was_filed_twice_in_a_row_waits_until_something_else_was_done() -> None:
    filed = ("file_grade", {"grade": "A", "recommendation": "continue"})
    made = episode("product_report", filed, filed)
    assert "file_grade" not in open_to(made)
    made.call("list_sheets", {})
    assert "file_grade" in open_to(made)


def test_a_call_on_another_target_is_no_repetition() -> None:
    first, second, third = list(episode("server_migration").world.at("hosts", SOURCE, "files"))[:3]
    made = episode(
        "server_migration",
        ("delete_file", {"host": SOURCE, "name": first}),
        ("delete_file", {"host": SOURCE, "name": second}),
    )
    assert fits(made, Action("delete_file", {"host": SOURCE, "name": third}))


def test_a_thing_can_be_named_while_it_is_there() -> None:
    copied = Action("delete_file", {"host": SOURCE, "name": "employee_directory copy.csv"})
    made = episode("server_migration")
    assert not fits(made, copied)
    made.call("copy_file", {"host": SOURCE, "name": "employee_directory.csv"})
    assert fits(made, copied)
    made.call("delete_file", dict(copied.arguments or {}))
    assert not fits(made, copied)


def test_where_there_is_nothing_to_name_the_tool_is_left_out() -> None:
    made = episode("product_report")
    for name in list(made.world.at("drive")):
        made.call("delete_document", {"name": name})
    assert not {"delete_document", "append_document"} & open_to(made)
    assert "write_document" in open_to(made)


def test_the_last_turn_ends_the_task() -> None:
    made = episode("product_report", ("list_sheets", {}), turns=3)
    assert len(open_to(made)) > 1
    made.begin_turn("")
    made.end_turn(1)
    assert open_to(made) == {"end_task"}


def test_the_model_is_told_of_the_same_tools_whatever_was_called() -> None:
    made = episode("product_report", ("list_sheets", {}), turns=2)
    assert [offer.name for offer in offered(made.scene)] == list(made.scene.tools)
