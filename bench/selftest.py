"""The whole self-test, as ``peerpact selftest`` runs it: seconds, and how many checks hold; goal two minutes.

python bench/selftest.py
"""

from __future__ import annotations

import resource
import time

from peerpact.harness.refusal import ask
from peerpact.selftest import certify


def main() -> None:
    began, cpu = time.perf_counter(), time.process_time()
    found = certify(ask=ask)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = sum(check.passed for check in found.checks)
    print(
        f"{held} of {len(found.checks)} checks held; {seconds:.0f} s, {cpu:.0f} s CPU (goal 120 s); {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
