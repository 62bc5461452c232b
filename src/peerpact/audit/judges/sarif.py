"""What stands of an audit of judges, as SARIF 2.1.0."""

from __future__ import annotations

from peerpact.audit.judges.answers import JudgeAudit
from peerpact.audit.judges.render import action, clean, sentence, title, untested_lines
from peerpact.audit.judges.run import QUESTIONS
from peerpact.audit.sarif import LEVELS, document, rule, uri
from peerpact.canonical import digest

__all__ = ["to_sarif"]


def to_sarif(audit: JudgeAudit, path: str) -> str:
    """Return what stands after correction as SARIF 2.1.0, for code hosts.

    Args:
        audit: The audit.
        path: The table.
    """
    known = [q for q in QUESTIONS if action(q)]
    rules = [rule(q, title(q), action(q)["action"], action(q)["severity"]) for q in known]
    place = {"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}
    results = [
        {
            "ruleId": e.question,
            "ruleIndex": known.index(e.question),
            "level": LEVELS[action(e.question)["severity"]],
            "message": {"text": clean(sentence(e))},
            "locations": [place],
            "partialFingerprints": {
                "peerpact/v1": digest([e.question, e.quantity, e.judge, e.scope])
            },
            "properties": {"judge": clean(e.judge), "adjusted": e.adjusted},
        }
        for e in audit.findings
    ]
    warnings = [line for q in QUESTIONS for line in untested_lines(audit, q)]
    return document(rules, results, warnings, {"rows": audit.rows, "judges": len(audit.coverage)})
