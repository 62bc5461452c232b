"""A judge is asked again about past items with one thing changed: paired, planned, costed."""

from peerpact.audit.rejudge.changes import Change, change, factors
from peerpact.audit.rejudge.effects import Judged, Rejudged, rejudged
from peerpact.audit.rejudge.items import Item, Items, check_scale, read_items
from peerpact.audit.rejudge.plan import Plan, plan
from peerpact.audit.rejudge.prompts import Setting, default_instructions, shown
from peerpact.audit.rejudge.render import (
    lost_lines,
    plan_lines,
    summary,
    to_csv,
    to_json,
    to_rows,
    worst,
)

__all__ = [
    "Change",
    "Item",
    "Items",
    "Judged",
    "Plan",
    "Rejudged",
    "Setting",
    "change",
    "check_scale",
    "default_instructions",
    "factors",
    "lost_lines",
    "plan",
    "plan_lines",
    "read_items",
    "rejudged",
    "shown",
    "summary",
    "to_csv",
    "to_json",
    "to_rows",
    "worst",
]
