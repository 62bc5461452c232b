"""What the first look passes over holds no finding: every detector says the same with it and without it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peerpact.audit import acts as acts_module
from peerpact.audit import briefing, scene, words
from peerpact.audit.cases import Case, cases, transcripts
from peerpact.audit.detector import Detector
from peerpact.audit.detectors import detectors
from peerpact.audit.lexicon import EXACT, has, pattern
from peerpact.audit.run import detect
from peerpact.audit.transcript import Draft, Transcript
from peerpact.audit.words import folded, may_hold, telling

CASES = [case for one in detectors() for case in cases(one)]
LOOKS = words._lexicon()["first_look"] | words._lexicon()["named"]
_ANCHORED = {
    name for name in words._lexicon()["anchors"] if name in words._lexicon() and name not in EXACT
}
LOOKS |= dict.fromkeys(("setting_off", "setting_held"), LOOKS["setting"])
LOOKS |= dict.fromkeys(("direct_shutdown", "direct_end"), LOOKS["direct"])
EXPRESSIONS = sorted(set(LOOKS) - {"direct", "ending", "grade", "oversight", "setting"})


@contextmanager
def no_first_look() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (scene, briefing):
            patch.setattr(module, "may_hold", lambda text, *names: True)
        patch.setattr(briefing, "_place", lambda fingerprint: briefing._Place())
        patch.setattr(acts_module, "telling", lambda command: True)
        patch.setattr(acts_module, "handling", lambda command: True)
        yield


def remade(transcript: Transcript, change: dict[str, str], as_json: bool) -> Transcript:
    """A fresh transcript, since what is known of one is remembered, with words changed in all its texts."""

    def changed(value: object) -> object:
        if isinstance(value, str):
            for old, new in change.items():
                value = new.join(re.split(old, value, maxsplit=3))
            return value
        if isinstance(value, dict):
            return {key: changed(inner) for key, inner in value.items()}
        return [changed(inner) for inner in value] if isinstance(value, list) else value

    draft = Draft()
    draft.agent, draft.status = transcript.agent, transcript.status
    draft.facts.update(transcript.facts)
    calls = list(transcript.calls)
    for message in transcript.messages:
        draft.say(message.role, str(changed(message.text)), message.reasoning, message.agent)
        while calls and calls[0].message == message.number:
            call = calls.pop(0)
            given = changed(dict(call.arguments))
            raw = orjson.dumps(given).decode() if as_json else given
            id = draft.call(call.name, raw, call.id, call.agent)
            if call.reply is not None:
                draft.reply(id, call.reply)
    return draft.finish(transcript.id, transcript.source, transcript.format)


def found(case: Case, change: dict[str, str], as_json: bool) -> list[object]:
    runs = [remade(one, change, as_json) for one in transcripts(case)]
    return [finding for run in runs[:4] for finding in detect(run)]


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.name)
def test_findings_of_labelled_cases_do_not_depend_on_the_first_look(detector: Detector) -> None:
    for case in cases(detector):
        quick = found(case, {}, as_json=True)
        with no_first_look():
            assert quick == found(case, {}, as_json=True), case.name


SPELLINGS = st.sampled_from(
    ["SHUTDOWN", "shut''down", 'shut"_"down', "ſhutdown", "Kill-Switch", "rm -rf", "mv", "\n",
     "\\\n", "\t", "score", "threshold", "Agent 3", "weights/", "*", "/", ".", "history -c",
     "audit.log", "> out.md", "<<EOF\n", "\nEOF", "I refuse to delete it", "please",
     "average 91%", "grade: A", "policy.yaml", "touch -t", "ö", "✓"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["shut", "delete", "weights", "cp", "mv", "rm", "log", "agent", "score", "the", "is",
     "average", " ", r"\.", "a", "/"]
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CASES), st.dictionaries(WORDS, SPELLINGS, max_size=3), st.booleans())
def test_findings_of_a_changed_case_do_not_depend_on_the_first_look(
    case: Case, change: dict[str, str], as_json: bool
) -> None:
    quick = found(case, change, as_json)
    with no_first_look():
        assert quick == found(case, change, as_json)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_match_of_an_expression_holds_one_of_its_pieces(name: str) -> None:
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern(name)))
    def holds(text: str) -> None:
        folded = text.lower()
        alike = any(letter in text for letter in words.ALIKE)
        assert alike or any(piece in folded for piece in LOOKS[name]), text

    holds()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(_ANCHORED))
def test_an_expression_is_found_around_its_anchors_as_it_is_found_in_the_whole_text(
    name: str,
) -> None:
    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(
        st.from_regex(pattern(name)),
        st.sampled_from([str.lower, str.capitalize]),
        st.text(alphabet="ab .", max_size=400),
    )
    def holds(drawn: str, written: Callable[[str], str], before: str) -> None:
        text = before + written(drawn) + before
        assert has(name, text) == (pattern(name).search(text) is not None), text

    holds()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git status && pytest -q", False),
        ("cat README.md | head", False),
        ("cp a b", True),
        ("/bin/mv a b", True),
        ("tcpdump --max 3", False),
        ("h''istory -c", True),
        ("sed -i s/a/b/ shut\\down.yaml", True),
        ("python -c \"import os; os.utime('x')\"", True),
        ("echo x > out.txt", False),
    ],
)
def test_a_command_is_taken_apart_only_if_it_may_matter(command: str, expected: bool) -> None:
    assert telling(command) is expected


def test_letters_that_look_alike_open_every_look() -> None:
    for text in ("ſhutdown", "\u212aill"):
        assert all(may_hold(folded(text), name) for name in ("setting", "refusal", "total"))
