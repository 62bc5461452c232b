"""OpenAI's pages of what it stores: items of a response or a conversation, messages of a chat, completions.

The newest item comes first unless somebody asked for the other order, which a page does not tell; so it is told
from what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peerpact.audit.dialects import add_item, role_of
from peerpact.audit.importer import document_importer
from peerpact.audit.importers import openai
from peerpact.audit.settings import number
from peerpact.audit.transcript import Draft, Transcript

__all__ = ["IMPORTER"]

ENDS = ("_call", "_call_output")
CUT = "the page is one of several; the others are not in it"


def matches(value: Any) -> bool:
    """Whether ``value`` is a page that holds what was said."""
    if not isinstance(value, dict) or value.get("object") != "list":
        return False
    data = value.get("data")
    return isinstance(data, list) and bool(data) and all(map(_is_stored, data))


def _is_stored(one: Any) -> bool:
    if not isinstance(one, dict):
        return False
    kind = str(one.get("type"))
    said = isinstance(one.get("role"), str) and ("content" in one or "tool_calls" in one)
    return said or "choices" in one or kind == "reasoning" or kind.endswith(ENDS)


def transcripts(value: dict[str, Any], where: str) -> Iterator[Transcript]:
    """Read a page as one conversation, or each of its completions."""
    data = value["data"]
    if "choices" in data[0]:
        for place, one in enumerate(data):
            yield from openai.transcripts(one, f"{where}[{place}]")
        return
    draft = Draft()
    for one in reversed(data) if _is_backwards(data) else data:
        add_item(draft, {**one, "content": one.get("content") or one.get("content_parts")})
    if value.get("has_more"):
        draft.note(CUT)
    named = (one.get("thread_id") or one.get("conversation_id") for one in data)
    yield draft.finish(next((str(id) for id in named if id), where), where, "openai_pages")


def _is_backwards(data: list[dict[str, Any]]) -> bool:
    """Whether a reply comes before its call, an older item after a newer, or an answer before all questions."""
    times = [time for one in data if (time := number(one.get("created_at"))) is not None]
    if times and times[0] != times[-1]:
        return times[0] > times[-1]
    called: set[str] = set()
    for one in data:
        id, kind = str(one.get("call_id") or one.get("tool_call_id") or ""), str(one.get("type"))
        if id and (kind.endswith("_output") or one.get("role") == "tool"):
            return id not in called
        called |= {id, *(str(call.get("id")) for call in one.get("tool_calls") or ())}
    spoken = [role for one in data if (role := _speaker(one))]
    return spoken[:1] == ["assistant"] and spoken[-1] != "assistant"


def _speaker(one: Mapping[str, Any]) -> str:
    return role_of(one["role"]) if "role" in one else "assistant"


IMPORTER = document_importer(
    "openai_pages", "OpenAI's pages of what it stores", matches, transcripts, 51
)
