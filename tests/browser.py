"""A headless Chromium and axe-core for tests; whoever asks for one where there is none has the test skipped."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The path of the browser that the system has."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


def axe() -> str:
    """The text of axe-core, from the file that NOVATRACE_AXE names (npm's package axe-core, axe.min.js)."""
    named = os.environ.get("NOVATRACE_AXE")
    if not named:
        pytest.skip("NOVATRACE_AXE names no axe.min.js: npm install axe-core")
    return Path(named).read_text(encoding="utf-8")


@contextmanager
def started():
    """The browser; pages are opened by ``opened``."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install 'novatrace[browser]'")
    path = chromium()
    with sync_api.sync_playwright() as client:
        browser = client.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, path, **context):
    """(page, what it wrote to its console, what it asked for) of a file, as a reader opens it."""
    page = browser.new_page(**context)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page, said, asked
    page.close()
