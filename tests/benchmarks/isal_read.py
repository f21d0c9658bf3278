"""Decompresses .gz files with isal and does nothing else: the least that reading them can take.

python tests/benchmarks/isal_read.py LOG.gz…
"""

from __future__ import annotations

import sys

from isal import igzip


def main(*logs: str) -> None:
    """Prints how many bytes there are."""
    buffer, total = bytearray(512 * 1024), 0
    for log in logs:
        with igzip.open(log, "rb") as stream:
            while size := stream.readinto(buffer):
                total += size
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
