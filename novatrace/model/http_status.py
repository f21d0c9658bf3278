"""What the status of an answer says of a request to nova-api or placement; None, where no answer is logged, says nothing."""

from __future__ import annotations

_REFUSED = 400
_BROKEN = 500


def accepted(status: int | None) -> bool:
    """True where what was asked for was begun or done."""
    return status is not None and status < _REFUSED


def refused(status: int | None) -> bool:
    """True where nothing was done, for a reason that lies in the request."""
    return status is not None and _REFUSED <= status < _BROKEN


def broken(status: int | None) -> bool:
    """True where the service broke off, and what it had begun may go on."""
    return status is not None and status >= _BROKEN
