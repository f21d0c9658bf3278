"""Fixtures that the tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# A mistake of ours must fail a test, not cost an input; the installed command is run as users run it.
os.environ["NOVATRACE_DEBUG"] = "1"


@pytest.fixture
def state(tmp_path_factory):
    """A state directory that is no evidence folder."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def installed() -> str:
    """Where the installed command is: beside the Python that runs the tests, whether or not the shell finds it there."""
    found = shutil.which("novatrace", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, "the novatrace command is not installed: pip install ."
    return found


@pytest.fixture
def novatrace(state, installed):
    """Runs the installed command with a state directory of its own."""
    env = {**os.environ, "XDG_STATE_HOME": str(state), "PYTHONWARNINGS": "error"}
    del env["NOVATRACE_DEBUG"]

    def run(*arguments, stdin=None, env_extra=None, timeout=120, **kwargs):
        return subprocess.run(
            [installed, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            env={**env, **(env_extra or {})},
            timeout=timeout,
            check=False,
            **kwargs,
        )

    run.command = installed
    run.env = env
    return run
