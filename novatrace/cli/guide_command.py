"""``novatrace guide``."""

from __future__ import annotations

from importlib import resources

import click

from novatrace.cli import writing
from novatrace.errors import UsageError


def _topics_like(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _chapters() if name.startswith(incomplete)]


@click.command(
    "guide",
    epilog="\b\nExamples:\n  novatrace guide\n  novatrace guide quick-start\n  novatrace guide --man > novatrace.1",
)
@click.argument("topic", required=False, shell_complete=_topics_like)
@click.option("--man", is_flag=True, help="The man page instead, made from the commands' own help.")
@click.pass_context
def command(ctx: click.Context, topic: str | None, *, man: bool) -> int:
    """The manual, offline. Without a TOPIC the topics are listed."""
    text = _topics() if topic is None else _chapter(topic)
    if man:
        text = _page(ctx.find_root().command)
    writing.write(lambda _width, _colour: text, None)
    return 0


def _page(root: click.Command) -> str:
    from novatrace.cli import manual_page  # noqa: PLC0415 - imports every command

    if not isinstance(root, click.Group):
        raise TypeError("the root of all commands is a group")
    return manual_page.page(root, _chapter("exit-codes"))


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
