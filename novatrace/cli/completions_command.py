"""``novatrace completions``."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from novatrace.cli import writing

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_NOVATRACE_COMPLETE"


@click.command(
    "completions",
    epilog='\b\nExamples:\n  eval "$(novatrace completions bash)"      # in ~/.bashrc\n'
    '  eval "$(novatrace completions zsh)"       # in ~/.zshrc, after compinit\n'
    "  novatrace completions fish > ~/.config/fish/completions/novatrace.fish",
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that completes commands, options, formats and the ids of the newest case in a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"click cannot complete in {shell}")
    root = click.get_current_context().find_root().command
    script = ShellComplete.source(kind(root, {}, "novatrace", _VARIABLE))
    writing.write(lambda _width, _colour: script if script.endswith("\n") else f"{script}\n", None)
    return 0
