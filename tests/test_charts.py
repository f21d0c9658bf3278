"""`--charts DIR`: every figure of a report as SVG and PNG, and a plain word where the library that draws is missing."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET

import pytest
from cases import FIXTURES, INCIDENT, analysed

from novatrace import pipeline
from novatrace.cli.main import cli
from novatrace.errors import UsageError
from novatrace.reports import chart_specs, html_report, pictures, view_correlate
from novatrace.reports.document import Figure
from novatrace.reports.figure_data import Burst, Funnel, Rooms

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
NUMA = FIXTURES / "real-nova" / "b4-race-hugepages-1sched"
VM = "e7db70c0-b38b-40a9-b1f7-4556b6e86f89"
_SVG = "{http://www.w3.org/2000/svg}"


def figures(case) -> list[Figure]:
    """Those of the report of ``correlate``."""
    found = (b for section in view_correlate.document(case).sections for b in section.blocks)
    return [block for block in found if isinstance(block, Figure)]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, from the file's head."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def said_in(svg: str) -> str:
    """The words of a picture; it is whole and needs nothing from elsewhere."""
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.tag == f"{_SVG}svg"
    assert not re.search(r"https?://(?!www\.w3\.org/)|<script|<image|@import|<foreignObject", svg)
    return " ".join("".join(text.itertext()) for text in root.iter(f"{_SVG}text"))


def test_every_figure_is_written_twice(novatrace, tmp_path):
    """As SVG and as PNG of the same shape, at twice the size; the report is what it is without them."""
    pytest.importorskip("vl_convert")
    plain = novatrace("correlate", RACE, "-q")
    done = novatrace("correlate", RACE, "-q", "--charts", tmp_path / "new" / "charts")
    assert (done.returncode, done.stdout, done.stderr) == (0, plain.stdout, b"")
    names = {figure.name for figure in figures(analysed(RACE))}
    assert names
    written = {path.name for path in (tmp_path / "new" / "charts").iterdir()}
    assert written == {f"{name}{suffix}" for name in names for suffix in (".svg", ".png")}
    for name in names:
        svg = (tmp_path / "new" / "charts" / f"{name}.svg").read_text(encoding="utf-8")
        width, height = (float(ET.fromstring(svg).get(side)) for side in ("width", "height"))  # noqa: S314 - see above
        shown = size_of((tmp_path / "new" / "charts" / f"{name}.png").read_bytes())
        assert shown == pytest.approx((2 * width, 2 * height), abs=2)


def test_of_one_vm_its_own_figures_are_written(novatrace, tmp_path):
    """``explain`` draws the burst that the VM took part in."""
    pytest.importorskip("vl_convert")
    novatrace("correlate", RACE, "-q")
    done = novatrace("explain", VM, "-q", "--charts", tmp_path)
    assert done.returncode == 0, done.stderr
    assert any(path.name.startswith("burst-compute-02") for path in tmp_path.glob("*.svg"))


@pytest.mark.parametrize("folder", [RACE, NUMA, INCIDENT], ids=lambda p: p.name)
def test_a_picture_says_what_its_numbers_are(folder):
    """Every host, filter and arrival of a figure, and the line of what was free; the words beside it, and it in characters."""
    pytest.importorskip("vl_convert")
    for figure in figures(analysed(folder)):
        said = said_in(pictures.svg(figure.data))
        if isinstance(figure.data, Rooms):
            assert all(room.host in said for room in figure.data.rooms)
        elif isinstance(figure.data, Funnel):
            assert all(step.name in said and str(step.left) in said for step in figure.data.steps)
        elif isinstance(figure.data, Burst):
            assert all(f"#{bar.number}" in said for bar in figure.data.bars)
            if figure.data.free is not None and figure.data.bars[-1].asked is not None:
                assert figure.data.room in said
        assert len(figure.alternative) > 20
        assert 0 < max(map(len, figure.drawing)) <= 78


def test_the_same_numbers_are_the_same_picture():
    """No clock and no chance is in it, so that two tickets can be compared."""
    pytest.importorskip("vl_convert")
    first, *_ = figures(analysed(RACE))
    assert pictures.svg(first.data) == pictures.svg(first.data)
    assert pictures.png(first.data) == pictures.png(first.data)


def test_specifications_fetch_nothing():
    """Data stands in the specification; a name of a file or an address would be fetched."""
    for figure in figures(analysed(RACE)):
        assert '"url"' not in str(chart_specs.spec(figure.data)).replace("'", '"')


def test_without_the_library_it_says_what_to_install(monkeypatch, tmp_path):
    """Before the logs are read, so that nothing is written and nobody waits for it; the page falls back on characters."""
    monkeypatch.setattr(pictures, "available", lambda: False)
    for words in (["correlate", "/nowhere"], ["explain", VM]):
        with pytest.raises(UsageError) as caught:
            cli.main([*words, "--charts", str(tmp_path / "charts")], standalone_mode=False)
        assert caught.value.exit_code == 2
        assert "novatrace[charts]" in caught.value.next_step
    assert not (tmp_path / "charts").exists()
    page = html_report.HtmlFormat().correlate(analysed(RACE), tool_version="0")
    assert "pip install &#x27;novatrace[charts]&#x27;" in page or "pip install 'novatrace[charts]'" in page
    assert "<svg" not in page
    assert '<pre class="drawing"' in page


def test_a_folder_that_cannot_be_written_is_told(novatrace, tmp_path):
    """A file where the folder should be."""
    pytest.importorskip("vl_convert")
    (tmp_path / "file").write_text("")
    done = novatrace("correlate", RACE, "-q", "--charts", tmp_path / "file" / "charts")
    assert done.returncode == 15
    assert b"E-OUT" in done.stderr


def test_figures_are_masked_and_renamed_too(tmp_path, monkeypatch):
    """With pseudonyms no host is named in a picture, and none in a file's name."""
    pytest.importorskip("vl_convert")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    sharing = pipeline.Sharing(redact=True, case_file=tmp_path / "mine.sqlite")
    written = pipeline.draw(tmp_path / "charts", analysed(RACE), sharing=sharing)
    assert written
    for path in written:
        assert "compute-0" not in path.name
        if path.suffix == ".svg":
            assert "compute-0" not in path.read_text(encoding="utf-8")
