"""LangSmith runs: a list, or one run a line; the runs of one trace are one transcript."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from peerpact.audit.importer import session_importer
from peerpact.audit.prompts import beside
from peerpact.audit.replies import told
from peerpact.audit.settings import add_facts
from peerpact.audit.threads import Threads, sub_agent
from peerpact.audit.transcript import Draft, Transcript, arguments_of, flat

__all__ = ["IMPORTER"]

LONGEST = 100_000
"""Characters of a tool's input that are read as Python's notation."""


def matches(value: Any) -> bool:
    """Whether ``value`` is a run, or an object that holds runs."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("runs"), list) and value["runs"]:
        return matches(value["runs"][0])
    return "run_type" in value and "inputs" in value


def transcripts(records: list[Any], where: str) -> Iterator[Transcript]:
    """Read the runs of a file, a trace at a time."""
    traces: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for top in record.get("runs") or [record]:
            key = str(top.get("trace_id") or top.get("id"))
            for run in _with_children(top):
                traces.setdefault(str(run.get("trace_id") or key), []).append(_opened(run))
    for key, runs in traces.items():
        yield _trace(key, runs, where)


def _with_children(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [top]
    while waiting:
        run = waiting.pop()
        yield run
        waiting += reversed(run.get("child_runs") or [])


def _opened(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a run whose values are JSON text, as exported tables have them, with the values."""
    texts = {
        key: run[key] for key in ("inputs", "outputs", "extra") if isinstance(run.get(key), str)
    }
    return {**run, **{key: orjson.loads(text) if text else {} for key, text in texts.items()}}


def _trace(key: str, runs: list[Mapping[str, Any]], where: str) -> Transcript:
    draft = Draft()
    threads = Threads(draft)
    runs.sort(key=lambda r: str(r.get("dotted_order") or r.get("start_time") or ""))
    names = {str(run.get("id")): _agent(run) for run in runs}
    parents = {str(run.get("id")): str(run.get("parent_run_id") or "") for run in runs}
    for run in runs:
        _add(draft, threads, run, sub_agent(str(run.get("id")), names, parents))
    if any(run.get("error") and not run.get("parent_run_id") for run in runs):
        draft.status = "failed"
    return draft.finish(key, f"{where}#{key}", "langsmith")


def _metadata(run: Mapping[str, Any]) -> Mapping[str, Any]:
    return (run.get("extra") or {}).get("metadata") or {}


def _agent(run: Mapping[str, Any]) -> str:
    metadata = _metadata(run)
    return str(metadata.get("lc_agent_name") or metadata.get("agent_name") or "")


def _add(draft: Draft, threads: Threads, run: Mapping[str, Any], agent: str) -> None:
    metadata = _metadata(run)
    time = str(run.get("start_time") or "")
    add_facts(draft, {k: v for k, v in metadata.items() if k != "model"})
    if run["run_type"] == "llm":
        model = str(metadata.get("ls_model_name") or "")
        draft.agent = draft.agent or model
        threads.add(_asked(run.get("inputs") or {}), agent, time, model)
        threads.add(_answered(run.get("outputs") or {}), agent, time, model)
    elif run["run_type"] == "tool":
        _add_tool(draft, run, agent, time)


def _add_tool(draft: Draft, run: Mapping[str, Any], agent: str, time: str) -> None:
    outputs = run.get("outputs") or {}
    output = outputs.get("output", outputs)
    kept = output.get("kwargs", output) if isinstance(output, Mapping) else {}
    id = str(kept.get("tool_call_id") or "")
    inputs = run.get("inputs") or {}
    arguments = _literal(inputs.get("input", inputs))
    text, failed = told(output if kept is not output and not kept else kept)
    if not id or not draft.has_call(id):
        name = str(run.get("name"))
        known = draft.open_call(name, arguments_of(arguments))
        id = known or draft.call(name, arguments, id, agent, time)
    draft.reply(id, str(run.get("error") or text), failed or bool(run.get("error")))


def _literal(text: Any) -> Any:
    """Return the object that LangChain wrote in Python's notation; anything else as it is."""
    if not isinstance(text, str) or not text.startswith("{") or len(text) > LONGEST:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _asked(inputs: Mapping[str, Any]) -> list[Any]:
    messages = inputs.get("messages") or []
    messages = messages[0] if messages and isinstance(messages[0], list) else messages
    lead = beside(inputs, messages)
    given = inputs.get("input") or inputs.get("prompts")
    if not messages and isinstance(given, list):
        return lead + given
    if not messages and given:
        return [*lead, {"role": "user", "content": flat(given)}]
    return lead + list(messages)


def _answered(outputs: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    for generation in outputs.get("generations") or ():
        for option in generation if isinstance(generation, list) else [generation]:
            found.append(
                option.get("message") or {"role": "assistant", "content": option.get("text")}
            )
    for choice in outputs.get("choices") or ():
        found.append(choice.get("message") or {})
    found += outputs.get("messages") or ()
    if isinstance(outputs.get("output"), list):
        found += outputs["output"]
    if isinstance(outputs.get("message"), Mapping):
        found.append(outputs["message"])
    if not found and outputs.get("role"):
        found.append(outputs)
    return found


IMPORTER = session_importer("langsmith", "LangSmith runs", matches, transcripts, 26)
