"""The page in a real browser: opened from a file, silent, complete at every width, accessible in light and dark, printable.

Skipped where there is no Chromium, no playwright or no axe-core; CI installs all three.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from browser import axe, opened, started
from cases import FIXTURES, INCIDENT, ROOT, analysed

from novatrace.model.migration import HostNode
from novatrace.model.parts import changed
from novatrace.pipeline.quoting import quoted
from novatrace.reports import chart_specs
from novatrace.reports.html_blocks import prose
from novatrace.reports.html_report import HtmlFormat

CASES = {
    "incident": INCIDENT,
    "numa": FIXTURES / "real-nova" / "b4-race-hugepages-1sched",
    "placement": FIXTURES / "real-nova" / "b1-race-placement-room1",
}
SCHEMES = ("light", "dark")
CSS = (ROOT / "novatrace" / "reports" / "page.css").read_text(encoding="utf-8")
MARKS = "<img src=x onerror=alert(1)><script>alert(2)</script><style>*{display:none}</style>\"'--></details>&#60;b&#62;"


def page_of(case, *, pictures: bool = True) -> str:
    """The page of ``correlate`` as the command writes it."""
    return HtmlFormat(with_pictures=pictures).correlate(quoted(case, stories=True), tool_version="0")


def hostile(case):
    """The case with markup of HTML wherever a log may put text."""
    moves = tuple(
        replace(m, fault=MARKS, api_node=MARKS, timeline=tuple(changed(t, text=MARKS, node=MARKS) for t in m.timeline))
        for m in case.migrations
    )
    findings = tuple(replace(f, title=MARKS, advice=MARKS) for f in case.findings)
    evidence = tuple(replace(e, node=MARKS) for e in case.evidence)
    return replace(case, migrations=moves, findings=findings, evidence=evidence)


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests of this file."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The files of the pages, by name; ``plain`` has its figures drawn in characters."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {name: page_of(analysed(path)) for name, path in CASES.items()}
    texts["plain"] = page_of(analysed(CASES["numa"]), pictures=False)
    texts["hostile"] = page_of(hostile(analysed(CASES["numa"])))
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("name", [*CASES, "plain", "hostile"])
def test_it_opens_from_a_file_in_silence(browser, pages, name):
    """No word on the console, so the policy is kept; no request but for the page; at no width does it run out sideways."""
    with opened(browser, pages[name], color_scheme="light") as (page, said, asked):
        for width in (360, 800, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            shot = page.screenshot()
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, f"{wider} px too wide at {width}"
            assert len(shot) > 20_000, "an empty picture"
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        page.screenshot()
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.images.length") == 0
        assert page.locator("h1").is_visible()
    assert said == []
    assert asked == [pages[name].as_uri()]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["numa", "plain"])
def test_axe_finds_no_violation(browser, pages, name, scheme):
    """Every rule of axe-core, with all stories open, in both colour schemes."""
    rules = axe()
    with opened(browser, pages[name], color_scheme=scheme) as (page, _, _):
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        page.evaluate(rules)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")
    told = [(v["id"], v["help"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found["violations"]]
    assert told == []
    assert len(found["passes"]) > 20


def test_dark_is_dark_and_print_is_light(browser, pages):
    """The paper follows the reader's scheme; on paper it is white, and nothing that only a screen needs is left."""
    with opened(browser, pages["numa"], color_scheme="dark") as (page, _, _):
        paper = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(paper) == "rgb(20, 23, 28)"
        page.emulate_media(media="print")
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
        assert not page.locator("nav").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_stories_open_without_a_script(browser, pages):
    """A click opens one, and what it tells is then to be seen."""
    with opened(browser, pages["numa"]) as (page, _, _):
        story = page.locator("details").first
        assert not story.locator("h3").first.is_visible()
        story.locator("summary").click()
        assert story.locator("h3").first.is_visible()
        assert story.locator("pre").first.is_visible()


def test_every_picture_has_words(browser, pages):
    """Each figure has a name for who cannot see it, and its caption says the same."""
    with opened(browser, pages["numa"]) as (page, _, _):
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        figures = page.locator("figure")
        assert figures.count() > 0
        for at in range(figures.count()):
            figure = figures.nth(at)
            named = figure.locator("[role=img]").get_attribute("aria-label")
            assert len(named) > 20
            assert named == figure.locator("figcaption").inner_text()


def minute(case) -> dict[str, str]:
    """The answers at the top of the page, by question, without markup."""
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page_of(case, pictures=False), re.DOTALL)
    return {question: html.unescape(re.sub(r"</p>|<[^>]+>", " ", told)) for question, told in rows}


def test_the_top_answers_whoever_never_saw_the_tool():
    """Which host, by how much in numbers, who and what became of them, why there, what to change."""
    told = minute(analysed(CASES["placement"]))
    assert "compute-02: over-committed (proven)" in told["Which host was over-committed?"]
    assert "Together they asked for 32768 MB RAM, and 6656 MB were free: 26112 MB too much." in told["By how much?"]
    assert "7 of 8 moves failed. As last logged they are: 7 ACTIVE." in told["Who failed?"]
    assert "compute-02 was the only host that passed the filters" in told["Why there?"]
    assert (
        "Neither waves nor a scheduler option would have placed more than 1 of 8 on compute-02"
        in told["What to change?"]
    )


def test_the_top_says_what_is_not_known():
    """Of the incident no line shows the room: it is not said to be too little, and nobody is named a loser of it."""
    told = minute(analysed(INCIDENT))
    assert "contended (not proven)" in told["Which host was over-committed?"]
    assert "Together" not in told["By how much?"]
    assert "that it had too little room is not proven" in told["By how much?"]
    told = minute(analysed(FIXTURES / "at-info" / "live-migrate-race"))
    assert "2 more moves were turned away first and then succeeded" in told["Who failed?"]
    assert "logs its choices at DEBUG alone" in told["Why there?"]


def test_who_came_to_a_second_host_is_told_why():
    """A host that placement was asked for next: the ones before it had been refused."""
    case = analysed(FIXTURES / "real-nova" / "d4-reschedule")
    assert len(re.findall(r"compute-04 ranked first of 4 weighed hosts", minute(case)["Why there?"])) == 1


def test_targets_where_all_fitted_do_not_part_what_went_wrong_from_why():
    """Many of them are closed, under one heading and one link; what went wrong stays open, and four of it are linked."""
    case = analysed(CASES["placement"])
    worst = next(b for b in case.bursts if b.verdict == "overcommitted")
    targets = [HostNode(f"cn{number}", f"cn{number}") for number in range(12)]
    fitting = tuple(replace(worst, target=t, verdict="fits", effect=None) for t in targets[:6])
    failing = tuple(replace(worst, target=t) for t in targets[6:])
    text = page_of(replace(case, bursts=(*case.bursts, *fitting, *failing)), pictures=False)
    closed = re.search(r'<section aria-labelledby="s-targets-where-all-fitted">.*?</section>', text, re.DOTALL)[0]
    assert re.findall(r"<summary>Target (\w+): fits", closed) == [t.host for t in targets[:6]]
    nav = re.search(r"<nav .*?</nav>", text)[0]
    assert nav.count(">Target ") == 4
    assert ">Targets where all fitted</a>" in nav
    assert text.index("Targets where all fitted</h2>") < text.index(">Why there</h2>")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_commands_are_shown_as_such():
    """What an advice puts between backticks; a lone one stays."""
    assert prose("run `openstack server list` now") == "run <code>openstack server list</code> now"
    assert prose("`ls --all`") == '<code>ls <span class="id">--all</span></code>'
    assert prose("a ` b <c>") == "a ` b &lt;c&gt;"
    assert '<span class="id">compute-02/nova-compute.log:13</span>' in prose("at compute-02/nova-compute.log:13")


def variables(block: str) -> dict[str, str]:
    """The colours that a block of the style names."""
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def light_of(colour: str) -> float:
    """Relative luminance, as the accessibility guidelines define it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How far two colours are from each other, 1 to 21."""
    dark, light = sorted((light_of(one), light_of(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [*SCHEMES, "print", "charts"])
def test_every_text_stands_out(scheme):
    """4.5 to 1 against paper and cards; axe cannot tell of the text inside pictures."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    colours = dict(zip(("light", "dark", "print"), map(variables, blocks), strict=True))
    colours["charts"] = chart_specs.PALETTE
    named = colours[scheme]
    for ink in ("ink", "good", "bad", "warn", "dim", "blue"):
        for paper in ("paper", "card"):
            if ink in named and paper in named:
                assert contrast(named[ink], named[paper]) >= 4.5, (ink, paper)


def test_no_anchor_stands_twice():
    """Two bursts at one target have places of their own, and each link leads somewhere."""
    case = analysed(CASES["numa"])
    text = page_of(replace(case, bursts=case.bursts * 2))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<a [^>]*href="#([^"]+)"', text)) <= set(ids)
