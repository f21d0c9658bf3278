"""A command that was run before and finds nothing new prints what it printed then."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from novatrace import rerun
from novatrace.cli import stderr, writing


def answered(command: Callable[..., int]) -> Callable[..., int]:
    """The command, run only where something is new; ``asked`` is how it keeps what it prints, or None."""

    @wraps(command)
    def run(**given: Any) -> int:  # noqa: ANN401 - the command's own
        width, colour = writing.form(given["output"])
        asked = rerun.asked(given, width=width, colour=colour)
        kept = None if asked is None else rerun.kept(asked)
        if kept is None:
            return command(**given, asked=asked)
        writing.write_bytes(kept.text, given["output"], binary=False)
        if not given["quiet"]:
            stderr.say(kept.said)
        return kept.code

    return run
