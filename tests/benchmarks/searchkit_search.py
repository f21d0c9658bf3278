"""Runs searchkit as its users do: one search for each message, with its hint; run by the interpreter that has it.

python tests/benchmarks/searchkit_search.py SEARCHES.json LOG…
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from searchkit import FileSearcher, SearchDef


def main(searches: str, *logs: str) -> None:
    """Prints how many results there are."""
    searcher = FileSearcher(max_parallel_tasks=os.cpu_count() or 1, decode_errors="replace")
    for search in json.loads(Path(searches).read_text(encoding="utf-8")):
        definition = SearchDef(search["pattern"], tag=search["tag"], hint=search["hint"])
        for log in logs:
            searcher.add(definition, log)
    sys.stdout.write(f"{len(searcher.run())}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
