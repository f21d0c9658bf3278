"""The ``novatrace`` command: finds commands lazily, and is the one place where an error becomes text and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click

from novatrace import __version__
from novatrace.cli.stderr import error_line
from novatrace.errors import NovatraceError, OutputError, ReaderGoneError

COMMANDS = (
    "case", "catalogue", "completions", "correlate", "explain", "export", "filters", "guide", "inspect", "schema", "simulate",
)  # fmt: skip
_SIGNAL_BASE = 128


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"novatrace.cli.{cmd_name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - see above
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


SUMMARIES = {
    "correlate": "Read logs; report over-committed targets, victims, causes and cures.",
    "explain": "The story of one VM, request or host.",
    "filters": "What each filter let through, over all scheduler passes.",
    "simulate": "Replay the batch under other policies; plan waves.",
    "inspect": "What each input is, and the account of its lines.",
    "export": "The case for other programs: tables, traces, timelines.",
    "case": "List, show or remove kept cases.",
    "catalogue": "The messages that are understood; check a file of your own.",
    "schema": "The JSON Schema of a report.",
    "guide": "The manual, offline; the man page.",
    "completions": "The script that completes commands in a shell.",
}


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n  novatrace correlate logs/\n  novatrace explain 32fc6596\n  novatrace guide quick-start",
)
@click.version_option(__version__, prog_name="novatrace", message="%(prog)s %(version)s")
def cli() -> None:
    """Log forensics for OpenStack Nova: what became of each VM of a migration batch, which targets were
    over-committed, who lost, and why."""  # noqa: D205, D209 - click shows this text


class _SignalledError(BaseException):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> NoReturn:
    """Runs the command line and exits with the code that ``errors`` documents."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    signal.signal(signal.SIGINT, _interrupt)
    # A run makes millions of small objects that live to its end and no cycles to speak of: looking for garbage among
    # them takes a quarter of the time and finds none.
    gc.set_threshold(500_000, 50, 100)
    try:
        code = cli.main(standalone_mode=False)
        _flush()
        code = code if isinstance(code, int) else 0
        _leave(code)
    except (BrokenPipeError, ReaderGoneError):
        # The reader has gone (`| head`): nothing is wrong; the interpreter must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    except NovatraceError as error:
        error_line(error.error_id, error.message, error.next_step)
        code = error.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        _misused(error)
        code = 2
    except (KeyboardInterrupt, click.Abort):
        error_line(
            "E-INTERRUPTED",
            "interrupted; a case that was there before is unchanged",
            "run the same command again",
        )
        code = _SIGNAL_BASE + signal.SIGINT
    except _SignalledError as error:
        error_line("E-INTERRUPTED", f"ended by signal {error.number}; a case that was there before is unchanged", "")
        code = _SIGNAL_BASE + error.number
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug is told in one line
        if os.environ.get("NOVATRACE_DEBUG"):
            traceback.print_exc()
        error_line(
            "E-BUG",
            f"{type(error).__name__}: {error}",
            "please report it with the output of NOVATRACE_DEBUG=1",
        )
        code = 1
    sys.exit(code)


def _misused(error: click.ClickException) -> None:
    """Says what was wrong with the command line; nothing at all on it is a question for help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    else:
        error_line("E-USAGE", error.format_message().rstrip("."), f"see `{_asked(error)} --help`")


def _leave(code: int) -> None:
    """Ends a program that has done and written all: to take its millions of small objects apart would take a tenth of a
    second. Where it is not the program (a test calls it), nothing happens."""  # noqa: D205, D209
    if getattr(sys.modules["__main__"], "main", None) is main and sys.stderr is not None:
        sys.stderr.flush()
        os._exit(code)


def _asked(error: click.ClickException) -> str:
    """The command that was used in a wrong way, as it is typed."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path.split() if context is not None else []
    return " ".join(["novatrace", *path[1:]])


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise _SignalledError(number)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """The first Ctrl-C ends a run in order; who cannot wait for that ends it with a second one."""
    signal.signal(signal.SIGINT, _end_at_once)
    raise KeyboardInterrupt


def _end_at_once(_number: int, _frame: FrameType | None) -> NoReturn:
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children  # noqa: PLC0415 - slow to import, and then it is there

        for process in active_children():
            process.kill()
    os._exit(_SIGNAL_BASE + signal.SIGINT)


def _flush() -> None:
    """What is still buffered goes out now, so that a full disk is told and not lost."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None
        raise OutputError(f"standard output: {(error.strerror or str(error)).lower()}") from error
