"""A filter that left one host, so that the weigher had nothing to choose from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation, FilterStep

_LEFT = 1


def find(case: Case) -> Iterator[Finding]:
    """One finding for each filter that took several hosts down to one, over all passes of moves."""
    seen: dict[str, list[FilterStep]] = defaultdict(list)
    for migration in case.migrations:
        if migration.action == "create":
            continue
        for attempt in migration.attempts:
            for step in attempt.schedule.filters if attempt.schedule else ():
                if step.before is not None and step.before > _LEFT and step.after == _LEFT:
                    seen[step.name].append(step)
    for name, steps in sorted(seen.items()):
        yield _finding(name, steps)


def _finding(name: str, steps: list[FilterStep]) -> Finding:
    widest = max(step.before or 0 for step in steps)
    passes = "pass" if len(steps) == 1 else "passes"
    return Finding(
        slug="filter-bottleneck",
        severity="warning",
        title=f"{name} left one host of {widest} in {len(steps)} {passes}",
        subject=name,
        measures=(
            Measure("passes", len(steps), None, "passes"),
            Measure("hosts_before", widest, None, "hosts"),
            Measure("hosts_after", _LEFT, None, "hosts"),
        ),
        basis="observed",
        evidence=tuple(Citation(step.provenance, f"{name}: {step.before} → {step.after}") for step in steps),
        advice=(
            f"With one host left the weigher and host_subset_size change nothing: every concurrent request goes there. "
            f"Look at what {name} demands, and give more hosts what it looks for."
        ),
    )
