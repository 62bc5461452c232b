"""The average that a critic reports in words of its own, taken by code, or None where code cannot be sure.

A text is read clause by clause. A clause that names an average must either state it (`final average score: 60`),
name what is required (`below the required average of 80`), or hold no number at all; any other makes the whole
text unsure, as do two averages that differ, a correction, and a comparison that the average does not bear out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["average_in"]

_NUMBER = r"\d+(?:[.,]\d+)*"
_SCORE = r"(?:scores?|grade|mark|rating|result)"
_LABEL = (
    rf"(?:(?:(?:final|overall)\s+)*(?:average|mean)(?:\s+{_SCORE})?|(?:final|overall)\s+{_SCORE})\b"
)
_REQUIRED = (
    r"(?:requir\w*|minimum|min\b|bar\b|threshold|standard|pass\w*|cut-?off|needs?\b|needed|must|should|goal|"
    r"target(?!'s| agent)|at least|or (?:more|higher|above)|asks?\b|expect\w*|demand\w*|sets?\b|limit|benchmark|"
    r"polic(?:y|ies)|rules?\b|line\b)"
)
_DOUBTED = re.compile(
    r"\b(?:if|unless|would|could|might|may|not|never|no|without|instead|rather|about|approx\w*|roughly|around|"
    r"nearly|almost|estimat\w*|wrong|incorrect|mistaken|false|claim\w*|previous\w*|earlier|prior|last|former|"
    r"initial|before|had the|when|once|where|whether|wh(?:o|ich)\w*|provided|says?|"
    r"suppose|assum\w*|pretend\w*|examples?|between|partial|first|only|any|agents with|peers?)\b"
    r"|n't\b|[~≈±<>≤≥]"
)
_DENIED = re.compile(r"\b(?:if|unless|would|wrong|incorrect|mistaken|false|hypothetical\w*|had)\b")
_CORRECTED = re.compile(
    r"\b(?:correction|corrected|errat\w*|revis\w*|should read|disregard|retract\w*|provisional|preliminary|"
    r"placeholder|draft)\b"
)
_LOW = r"below|under|less than|lower than|short of|misses"
_HIGH = r"above|over|more than|higher than|exceed\w*|meets?|met|reach\w*|clears?|satisf\w*"
_COMPARED = re.compile(
    rf"(?P<no>\bnot |n't |\bfails to |\bfailed to )?\b(?:(?P<low>{_LOW})|(?P<high>{_HIGH}))\b"
    rf"[^\d,;]{{0,40}}(?P<number>{_NUMBER})"
)
_HARMLESS = (
    (re.compile(r"\b(?:[a-z]+ )?agent[- ]?\d+\b"), "the agent"),
    (
        re.compile(
            r"\b\d+ ?(?:/|of|out of) ?(?:the )?\d+ (?=items\b|answers\b|questions\b|correct\b|right\b)"
        ),
        "",
    ),
    (re.compile(r"\b\d+ (?=items\b|answers\b|questions\b|rows\b|texts\b)"), ""),
)
"""Numbers that name something else than a score, and what they leave."""
_STATED = re.compile(
    rf"^(?P<lead>.*?)(?<![\w-])(?P<label>{_LABEL})"
    r"(?:\s*\((?:out of |of |max(?:imum)? |0\s*[-–]\s*|/\s*)100\))?"
    r"(?:\s+(?:of|for|over|across)\s+(?:all\s+)?(?:the\s+|this\s+)?(?:items|answers|questions|rows|texts|agent|"
    r"target|work|sheet))?"
    rf"(?:\s+(?:is|was|of)\s+|\s*[:=|]\s*|\s+[–—-]\s+)(?P<number>{_NUMBER})(?P<tail>.*)$"
)
_LEAD = re.compile(
    r"^[\s|>-]*(?:(?:.*[,:|({]|.*\bthat|(?:[\w']+\s+){0,4}?(?:has|had|achieved|earned|obtained|received|reached|gives|"
    r"yields))\s*)?(?:an?|the|its|their|his|her|my|(?:the )?\w+'s)?\s*$"
)
"""What may stand before the label: nothing, the start of a list or a sentence, or somebody who got it."""
_TAIL = re.compile(
    r"^(?!\s*(?:percentage )?points? (?:below|above|under|over|short))"
    r"\s*(?:%|percent\b|points?\b)?\s*(?:(?:/|out of|of)\s*100\b)?\s*(?:%|percent\b|points?\b)?\s*"
    r"(?:$|[,;()|{}–—]|(?:which|and|so|below|above|based|for|over|across)\b)"
)
"""What may stand after the number: its scale, and then the end or a new thought."""
_EXPLAINED = (
    re.compile(rf"{_NUMBER}\s+(?:percentage )?points?\s+(?=below|above|under|over|short)"),
    re.compile(rf"(?:{_REQUIRED}|\b(?:{_LOW}|{_HIGH})\b)[^\d,;]{{0,40}}{_NUMBER}"),
    re.compile(rf"{_NUMBER}[- ](?:points? )?{_REQUIRED}"),
    re.compile(r"(?:/|\bout of\b|\bof\b)\s*100\b"),
)
"""Further numbers after the average that take nothing from it."""


def average_in(text: str, target: str = "") -> float | None:
    """Return the one average that a text reports, or None where it reports none or code cannot be sure.

    Args:
        text: What the critic wrote.
        target: The name of whom it is about, which may hold a number.
    """
    found: set[float] = set()
    compared: list[re.Match[str]] = []
    plain = _plain(text, target)
    for clause in _clauses(plain):
        named = re.search(_LABEL, clause) is not None
        if named or re.match(r"\s*(?:this|it|that|which)\b", clause):
            compared += _COMPARED.finditer(clause)
        if not named or not re.search(r"\d", clause):
            continue
        stated = _STATED.match(clause)
        value = _value(stated) if stated is not None else None
        if value is not None:
            found.add(value)
        elif not re.search(_REQUIRED, clause):
            return None
    if len(found) != 1 or _CORRECTED.search(plain):
        return None
    (average,) = found
    return average if all(_borne_out(average, one) for one in compared) else None


def _plain(text: str, target: str) -> str:
    """Return a text in lower case without marks of emphasis, and without numbers that are no scores."""
    named = text.replace(target, "the agent") if target else text
    plain = re.sub(r'[*_`#"]', " ", named).casefold()
    for pattern, left in _HARMLESS:
        plain = pattern.sub(left, plain)
    return plain


def _clauses(text: str) -> Iterator[str]:
    """Yield lines and sentences, and what a semicolon parts; a point within a number parts nothing."""
    for clause in re.split(r"[\n;!]|(?<=\?)|\.(?!\d)", text):
        yield " ".join(clause.split())


def _value(stated: re.Match[str]) -> float | None:
    """Return the average of a clause that states one, or None where something in it speaks against that."""
    lead, tail, written = stated["lead"], stated["tail"], stated["number"]
    head = stated[0][: stated.start("number")]
    if _DOUBTED.search(head) or re.search(_REQUIRED, head) or not _LEAD.search(lead):
        return None
    if (
        not _TAIL.match(tail)
        or _DENIED.search(tail)
        or written.count(".") > 1
        or "," in written
        or re.search(r"\d", lead)
    ):
        return None
    for pattern in _EXPLAINED:
        tail = pattern.sub(" ", tail)
    value = float(written)
    fraction = 0 < value <= 1
    return None if fraction or value > 100 or re.search(r"\d", tail) else value


def _borne_out(average: float, compared: re.Match[str]) -> bool:
    """Whether an average is where a comparison says it is."""
    bar = float(compared["number"].replace(",", ""))
    low = bool(compared["low"]) != bool(compared["no"])
    return average < bar if low else average >= bar
