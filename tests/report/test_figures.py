"""Pictures are drawn by a process of their own."""

import sys

import pytest

from peerpact.errors import ResultsError
from peerpact.report import engine


@pytest.mark.slow
def test_the_engine_draws_on_after_what_it_could_not_draw_and_is_not_loaded_here():
    fine = b'{"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a"}}}'
    with pytest.raises(ResultsError, match="a picture could not be drawn"):
        engine.svg(b'{"mark": 3}')
    assert engine.svg(fine).startswith("<svg")
    assert "vl_convert" not in sys.modules
