"""A progress bar on standard error, only on a terminal and only when reading takes long.

It is drawn when there is something new to tell, by no thread of its own: a run makes copies of its process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from novatrace.pipeline.run_options import Progress

_PATIENCE_S = 1.0


@contextmanager
def runs_shown(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """The same for runs of a replay: done, of how many."""
    with shown(quiet=quiet, unit="runs") as step:
        yield None if step is None else lambda done, total: step(done, total, "replay")


@contextmanager
def shown(*, quiet: bool, unit: str = "bytes") -> Iterator[Progress | None]:
    """A callback for the pipeline, or None when nothing is to be shown."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(unit)
    try:
        yield bar.step
    finally:
        bar.stop()


class _Bar:
    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._began = time.monotonic()
        self._progress: Any = None  # rich's Progress, imported only when it is shown
        self._task: Any = None

    def step(self, done: int, total: int, path: str) -> None:
        """``done`` of ``total`` bytes are read; ``path`` is what is being read. When all are, the bar goes."""
        if done >= total:
            self.stop()
            return
        if self._progress is None:
            if time.monotonic() - self._began < _PATIENCE_S:
                return
            self._progress = self._started(total)
        self._progress.update(self._task, completed=done, total=total, name=path[-40:], refresh=True)

    def _started(self, total: int) -> Any:  # noqa: ANN401 - see __init__
        from rich.console import Console  # noqa: PLC0415 - only on a terminal, only when it takes long
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            TextColumn,
            TransferSpeedColumn,
        )

        counts: tuple[ProgressColumn, ...] = (DownloadColumn(), TransferSpeedColumn())
        if self._unit != "bytes":
            counts = (MofNCompleteColumn(), TextColumn(self._unit))
        progress = Progress(
            TextColumn("{task.fields[name]}", markup=False), BarColumn(), *counts,
            console=Console(stderr=True), transient=True, auto_refresh=False,
        )  # fmt: skip
        self._task = progress.add_task("", total=total, name="")
        progress.start()
        return progress

    def stop(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
