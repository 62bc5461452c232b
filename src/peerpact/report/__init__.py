"""Results as people read them: tables, pictures, one page; and as programs do."""

from peerpact.report.results import Results, results

__all__ = ["Results", "results"]
