"""Characters that hide or reorder text become marks; everything else stays."""

from __future__ import annotations

import base64
import gzip
import json
import unicodedata

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerpact.report.embedding import Pack, clean_json, columnar, embedded
from peerpact.report.visible import clear, visible, visible_tree

ANY = st.text(st.characters(), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x00\x1b[0m", "␀␛[0m"),
        ("a\rb", "a␍b"),
        ("\x7f\x9b", "␡⟦U+009B⟧"),
        ("\u202eevil\u202c", "⟦U+202E⟧evil⟦U+202C⟧"),
        ("\u2066x\u2069", "⟦U+2066⟧x⟦U+2069⟧"),
        ("\u200b\ufeff\u00ad", "⟦U+200B⟧⟦U+FEFF⟧⟦U+00AD⟧"),
        ("\U000e0041", "⟦U+E0041⟧"),
        ("\ud800", "⟦U+D800⟧"),
        ("العربية 中文 é 👩\u200d🔬", "العربية 中文 é 👩\u200d🔬"),
    ],
)
def test_hidden_characters_get_marks_and_writing_stays(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY)
def test_what_is_shown_holds_no_control_and_is_utf8(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert clear(shown)
    assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\t\n"]
    assert visible(shown) == shown


@pytest.mark.slow
@given(JSON)
def test_data_in_a_page_cannot_end_its_element_and_reads_back(value: object) -> None:
    text = str(embedded(value))
    assert not set("<>&") & set(text)
    assert json.loads(text) == orjson.loads(orjson.dumps(visible_tree(value)))


@pytest.mark.slow
@given(st.lists(JSON, max_size=4))
def test_a_pack_reads_back_and_equal_packs_are_equal(values: list[object]) -> None:
    packs = []
    for _ in range(2):
        pack = Pack({"prompts": None}, 1_000_000)
        assert all(pack.add(value) for value in values)
        packs.append(pack.text())
    assert packs[0] == packs[1]
    read = json.loads(gzip.decompress(base64.b64decode(packs[0])))
    assert read == {"prompts": None, "runs": [json.loads(clean_json(value)) for value in values]}


def test_a_pack_without_room_stays_as_it_was() -> None:
    pack = Pack({"prompts": None}, 300)
    assert pack.add("small")
    before = pack.text()
    assert not pack.add([str(i * 7919) for i in range(500)])
    assert pack.text() == before
    assert pack.count == 1


def test_columns_number_values_that_repeat_and_keep_their_types() -> None:
    values = {
        "alike": ["x", "x", "x", "x"],
        "few": [1, True, 1, True],
        "none": [None, 0.5, None, 0.5],
        "many": [1.5, 2.5, 3.5, 3.5],
        "lists": [[], [], [], []],
    }
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    assert columnar(rows) == {
        "alike": {"t": ["x"], "n": 4},
        "few": {"t": [1, True], "i": [0, 1, 0, 1]},
        "none": {"t": [None, 0.5], "i": [0, 1, 0, 1]},
        "many": {"v": [1.5, 2.5, 3.5, 3.5]},
        "lists": {"v": [[], [], [], []]},
    }
    assert columnar([]) == {}
