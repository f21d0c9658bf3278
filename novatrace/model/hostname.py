"""Names of machines, in the forms in which logs, folders and files have them."""

from __future__ import annotations


def short(name: str) -> str:
    """The first label of a machine's name, in lower case: what its short and its long form share."""
    return name.partition(".")[0].lower()
