"""Every error that novatrace raises on purpose, each with its exit code and the next step.

    NovatraceError            1   a bug in novatrace (also: anything uncaught)
    ├─ UsageError             2   options or patterns are off; nothing was started
    ├─ NothingToAnalyseError  4   no input, or no line that could be recognised
    ├─ LeakError              5   a report was withheld: it would have shown a secret or a name that was to be replaced
    ├─ CaseError
    │  ├─ CaseMissingError   10
    │  ├─ CaseLockedError    11
    │  ├─ CaseVersionError   12
    │  ├─ CaseDamagedError   13
    │  └─ CaseNotWritableError 14
    └─ OutputError           15   the report could not be written

Exit code 3 (coverage incomplete) and 20 (findings at or above ``--fail-on``) are outcomes, not
errors: the commands return them. One place, ``cli.main``, turns an error into text.
"""

from __future__ import annotations

EXIT_COMPLETE = 0
EXIT_BUG = 1
EXIT_INCOMPLETE = 3
EXIT_FINDINGS = 20


class NovatraceError(Exception):
    """The root of the tree.

    Attributes:
        message: what happened, one line.
        next_step: what the user can do about it, one line, or "".
    """

    exit_code = 1
    error_id = "E-BUG"

    def __init__(self, message: str, *, next_step: str = "", error_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        if error_id is not None:
            self.error_id = error_id


class UsageError(NovatraceError):
    """Options, patterns or identifiers that cannot be used as given."""

    exit_code = 2
    error_id = "E-USAGE"


class NothingToAnalyseError(NovatraceError):
    """No input could be read, or none of its lines is a log line."""

    exit_code = 4
    error_id = "E-NOTHING"


class LeakError(NovatraceError):
    """A report was withheld by the redaction gate."""

    exit_code = 5
    error_id = "E-REDACT-LEAK"


class CaseError(NovatraceError):
    """The case file cannot be used."""

    exit_code = 13


class CaseMissingError(CaseError):
    """There is no such case file, or no case at all yet."""

    exit_code = 10
    error_id = "E-CASE-MISSING"


class CaseLockedError(CaseError):
    """Another process writes to the case file."""

    exit_code = 11
    error_id = "E-CASE-LOCKED"


class CaseVersionError(CaseError):
    """The case file was written by another, incompatible version."""

    exit_code = 12
    error_id = "E-CASE-VERSION"


class CaseDamagedError(CaseError):
    """The case file is not a readable case."""

    exit_code = 13
    error_id = "E-CASE-DAMAGED"


class CaseNotWritableError(CaseError):
    """The state directory or the case file cannot be written."""

    exit_code = 14
    error_id = "E-CASE-WRITE"


class WorkerLostError(NovatraceError):
    """A process that put moves together for us ended without a result."""

    exit_code = 30
    error_id = "E-WORKER"


class OutputError(NovatraceError):
    """The report could not be written where it was asked for."""

    exit_code = 15
    error_id = "E-OUT-WRITE"


class ReaderGoneError(Exception):
    """Whoever reads standard output wants no more; no ``OSError``, for which click would end the run with 1 by itself."""
