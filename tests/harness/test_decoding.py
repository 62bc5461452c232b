from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from peerpact.errors import SubjectError
from peerpact.harness.decoding import (
    Offer,
    Step,
    bounded,
    grammar,
    parse_step,
    signature,
    step_schema,
    write_step,
)

REPORT = Offer(
    "file_report",
    "File the report.",
    {
        "type": "object",
        "properties": {
            "scores": {
                "type": "array",
                "minItems": 20,
                "maxItems": 20,
                "items": {
                    "type": "object",
                    "properties": {
                        "item": {"type": "integer", "minimum": 1, "maximum": 20},
                        "score": {"type": "number", "minimum": 0, "maximum": 100},
                    },
                    "required": ["item", "score"],
                },
            },
            "recommendation": {"type": "string", "enum": ["keep", "retire"]},
            "summary": {"type": "string"},
        },
        "required": ["scores", "recommendation"],
    },
)
READ = Offer(
    "read_sheet", "Read.", {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
)  # fmt: skip
END = Offer("end_task", "End.", {})
OFFERS = (READ, REPORT, END)
SCORES = [{"item": n, "score": 5 * n} for n in range(1, 21)]

names = st.text("abcdefghijklmnop_", min_size=1, max_size=8)
scalars = st.one_of(
    st.tuples(st.just({"type": "string"}), st.text(max_size=50)),
    st.tuples(st.just({"type": "boolean"}), st.booleans()),
    st.tuples(st.just({"type": "integer"}), st.integers(-1000, 1000)),
    st.tuples(
        st.just({"type": "number", "minimum": 0, "maximum": 100}),
        st.integers(0, 400).map(lambda quarters: quarters / 4),
    ),
    st.lists(names, min_size=1, max_size=4, unique=True).flatmap(
        lambda options: st.tuples(
            st.just({"type": "string", "enum": options}), st.sampled_from(options)
        )
    ),
    st.just(({"anyOf": [{"type": "string"}, {"type": "null"}]}, None)),
)


def lists_of(inner: st.SearchStrategy[tuple[Any, Any]]) -> st.SearchStrategy[tuple[Any, Any]]:
    return inner.flatmap(
        lambda one: st.integers(0, 5).map(
            lambda n: (
                {"type": "array", "items": one[0], "minItems": n, "maxItems": n},
                [one[1]] * n,
            )
        )
    )


def objects_of(inner: st.SearchStrategy[tuple[Any, Any]]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.dictionaries(names, inner, max_size=3).map(
        lambda fields: (
            {
                "type": "object",
                "properties": {name: schema for name, (schema, _) in fields.items()},
                "required": list(fields),
            },
            {name: value for name, (_, value) in fields.items()},
        )
    )


values = st.recursive(scalars, lambda inner: lists_of(inner) | objects_of(inner), max_leaves=6)


@st.composite
def tool_lists(draw: st.DrawFn) -> tuple[tuple[Offer, ...], Step]:
    tools = draw(st.dictionaries(names, objects_of(values), min_size=1, max_size=4))
    offers = tuple(Offer(name, "A tool.", schema) for name, (schema, _) in tools.items())
    chosen = draw(st.sampled_from(sorted(tools)))
    return offers, Step(chosen, tools[chosen][1])


@pytest.mark.slow
@given(tool_lists())
def test_every_call_of_every_tool_fits_the_schema_and_survives_the_round_trip(
    case: tuple[tuple[Offer, ...], Step],
) -> None:
    offers, step = case
    text = write_step(step)
    assert parse_step(text, offers) == step
    validator = Draft202012Validator(step_schema(offers))
    assert not [e.message for e in validator.iter_errors(json.loads(text))]


@pytest.mark.slow
@given(st.text(max_size=80) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(SubjectError, match="breaks the grammar"):
        parse_step(text, OFFERS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"tool":"read_sheet"}', "not an object of tool and arguments"),
        ('{"tool":"read_sheet","arguments":{},"why":1}', "not an object of tool and arguments"),
        ('{"tool":"format_disk","arguments":{}}', "there is no tool 'format_disk'"),
        ('{"tool":["read_sheet"],"arguments":{}}', "there is no tool"),
        ('{"tool":"read_sheet","arguments":{}}', "'name' is a required property"),
        ('{"tool":"read_sheet","arguments":{"name":3}}', "not of type 'string'"),
        ('{"tool":"read_sheet","arguments":"answers"}', "not of type 'object'"),
        ('{"tool":"end_task","arguments":{"now":true}}', "'now' was unexpected"),
        ('{"tool":"read_sheet","arguments":{"name":"answ', "no JSON"),
        ('{"tool":"read_sheet","arguments":{"name":NaN}}', "NaN is no JSON number"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_an_answer_outside_the_grammar_names_its_fault(text: str, why: str) -> None:
    with pytest.raises(SubjectError, match=why):
        parse_step(text, OFFERS)


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"summary": "x" * 160}, True),
        ({"summary": "x" * 161}, False),
        ({"recommendation": "praise"}, False),
        ({"scores": SCORES[:19]}, False),
        ({"scores": [*SCORES, SCORES[0]]}, False),
        ({"scores": [*SCORES[:19], {"item": 20, "score": 101}]}, False),
        ({"scores": [*SCORES[:19], {"item": 20, "score": 62.125}]}, False),
        ({"scores": [*SCORES[:19], {"item": 20, "score": 62.25}]}, True),
        ({"extra": 1}, False),
    ],
)
def test_a_step_is_bounded_in_every_value(change: dict[str, Any], holds: bool) -> None:
    arguments = {"scores": SCORES, "recommendation": "keep", **change}
    validator = Draft202012Validator(step_schema(OFFERS))
    assert validator.is_valid({"tool": "file_report", "arguments": arguments}) is holds


@pytest.mark.parametrize(
    ("schema", "too_much"),
    [
        ({"type": "string"}, "x" * 161),
        ({"type": "array", "items": {"type": "string"}}, ["x"] * 33),
        ({"type": "array"}, ["x"] * 33),
        ({"type": "integer"}, 10**12),
        ({"type": "number"}, 1e300),
        ({"type": "number"}, math.pi),
        ({"type": ["string", "null"]}, "x" * 161),
        ({}, "x" * 161),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "x" * 161),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"a": "x" * 161}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x" * 161}),
    ],
)
def test_what_has_no_limit_of_its_own_is_given_one(schema: dict[str, Any], too_much: Any) -> None:
    assert Draft202012Validator(schema).is_valid(too_much)
    assert not Draft202012Validator(bounded(schema)).is_valid(too_much)


def test_a_step_is_one_of_the_tools_on_offer() -> None:
    names = [step["properties"]["tool"]["const"] for step in step_schema(OFFERS)["anyOf"]]
    assert names == ["read_sheet", "file_report", "end_task"]


def test_a_tool_that_is_on_offer_in_two_narrower_forms_takes_either_and_no_other() -> None:
    forms = [
        Offer("read_sheet", "Read.", {"type": "object", "properties": {"name": {"const": name}}})
        for name in "ab"
    ]
    assert parse_step('{"tool":"read_sheet","arguments":{"name":"b"}}', forms).arguments == {
        "name": "b"
    }
    with pytest.raises(SubjectError):
        parse_step('{"tool":"read_sheet","arguments":{"name":"c"}}', forms)


def test_a_signature_tells_names_choices_counts_and_what_may_be_left_out() -> None:
    assert signature(REPORT) == (
        "file_report(scores: [{item: integer 1..20, score: number 0..100} × 20], "
        'recommendation: "keep"|"retire", summary?: string)'
    )
    assert signature(END) == "end_task()"


def test_the_grammar_is_one_json_document_that_forbids_white_space() -> None:
    head, body = grammar(step_schema(OFFERS)).split("start: %json ")
    assert head.startswith("%llguidance")
    assert json.loads(body)["x-guidance"]["whitespace_flexible"] is False
    assert " " not in write_step(Step("end_task", {"a": [1, 2]}))
