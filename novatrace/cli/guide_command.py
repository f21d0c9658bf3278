"""``novatrace guide``."""

from __future__ import annotations

from importlib import resources

import click

from novatrace.cli import writing
from novatrace.errors import UsageError


@click.command("guide", epilog="\b\nExamples:\n  novatrace guide\n  novatrace guide quick-start")
@click.argument("topic", required=False)
def command(topic: str | None) -> int:
    """The manual, offline. Without a TOPIC the topics are listed."""
    text = _topics() if topic is None else _chapter(topic)
    writing.write(lambda _width, _colour: text, None)
    return 0


def _chapters() -> dict[str, str]:
    folder = resources.files("novatrace") / "guide"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".md")), key=lambda e: e.name)
    return {entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8") for entry in entries}


def _topics() -> str:
    return "".join(f"{name:20}  {text.splitlines()[0].lstrip('# ')}\n" for name, text in _chapters().items())


def _chapter(topic: str) -> str:
    chapters = _chapters()
    if topic not in chapters:
        raise UsageError(f"no such topic: {topic!r}", next_step=f"topics: {', '.join(chapters)}")
    return chapters[topic]
