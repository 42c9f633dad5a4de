"""Pictures of figures: the files that LaTeX source shows, and what a PDF prints."""

import gzip
import io
import struct
import tarfile
import zlib
from pathlib import Path

import pytest
from PIL import Image as Bitmap
from PIL import ImageDraw

from papercoder.artifacts import FigureImages, Paper
from papercoder.errors import RunFolderError
from papercoder.paper.pictures import LARGEST_FIGURE, SIDE, figures, has_figures, save_figures, saved_figures
from papercoder.paper.reading import read
from tests.paper.pdf_maker import add_image, make_pdf, paragraph

SOURCE = r"""\documentclass{article}\title{T}\begin{document}\section{Method}We show it in the figures.
\begin{figure}%s\caption{One.}\end{figure}\end{document}"""
TEXT = ["This is a line of running text, as long as the column is wide, and it says little about anything."] * 4


def drawing(width: int = 60, height: int = 30) -> Bitmap.Image:
    """A black frame around white."""
    image = Bitmap.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((0, 0, width - 1, height - 1), outline="black")
    return image


def encoded(kind: str, **size: int) -> bytes:
    file = io.BytesIO()
    drawing(**size).save(file, kind)
    return file.getvalue()


def source(folder: Path, shown: str, **files: bytes) -> Path:
    """LaTeX source with one figure, and files beside it (`figs__a_png` is `figs/a.png`)."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tex").write_text(SOURCE % shown, encoding="utf-8")
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def figure_of(place: Path) -> FigureImages:
    (found,) = figures(place, read(place))
    assert found.anchor == "fig:1"
    return found


@pytest.mark.parametrize(
    ("shown", "files"),
    [
        (r"\includegraphics[width=3cm]{a.png}", {"a_png": encoded("PNG")}),
        (r"\includegraphics{./figs/a}", {"figs__a_jpg": encoded("JPEG")}),
        (r"\centering\fbox{\includegraphics{a}}", {"figs__deep__a_pdf": encoded("PDF")}),  # found by \graphicspath
    ],
)
def test_a_graphic_of_latex_source(tmp_path: Path, shown: str, files: dict[str, bytes]) -> None:
    found = figure_of(source(tmp_path / "paper", shown, **files))
    (image,) = found.images
    assert found.reason == ""
    assert image.data.startswith(b"\x89PNG")
    assert image.width == pytest.approx(2 * image.height, rel=0.1)
    assert len(image.digest) == 64


def test_the_parts_of_a_figure_keep_their_order(tmp_path: Path) -> None:
    shown = r"\begin{subfigure}{1cm}\includegraphics{b}\caption{B}\end{subfigure}\includegraphics{a}"
    files = {"a_png": encoded("PNG", width=90), "b_png": encoded("PNG", width=30)}
    assert [image.width for image in figure_of(source(tmp_path / "paper", shown, **files)).images] == [30, 90]


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    files = {"a_png": encoded("PNG", width=4000, height=1000)}
    (image,) = figure_of(source(tmp_path / "paper", r"\includegraphics{a}", **files)).images
    assert (image.width, image.height) == (SIDE, SIDE // 4)


def bomb() -> bytes:
    """The head of a PNG of 100,000 by 100,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", zlib.crc32(b"IHDR" + head))


@pytest.mark.parametrize(
    ("shown", "files", "reason"),
    [
        (r"\includegraphics{a}", {"a_eps": b"%!PS-Adobe-3.0 EPSF"}, "a.eps is an EPS file; convert it to PDF or PNG"),
        (r"\includegraphics{a}", {}, "a is not among the files of the paper"),
        (r"\begin{tikzpicture}\draw (0,0);\end{tikzpicture}", {}, "it is drawn by LaTeX code"),
        (r"\includegraphics{a.png}", {"a_png": bomb()}, "a.png cannot be decoded"),
        (r"\includegraphics{a.png}", {"a_png": b"GIF89a"}, "a.png is neither PNG, JPEG nor PDF"),
        (r"\includegraphics{a.png}", {"a_png": encoded("PNG") + b"\0" * 2**23}, "a.png is larger than 8 MiB"),
        (r"\includegraphics{.ssh/a.png}", {".ssh__a_png": encoded("PNG")}, "is not among the files of the paper"),
        (r"\includegraphics{../a.png}", {}, "is not among the files of the paper"),
        (r"\includegraphics{main.tex}", {}, "is not among the files of the paper"),
    ],
)
def test_why_there_is_no_picture(tmp_path: Path, shown: str, files: dict[str, bytes], reason: str) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))  # outside the paper
    found = figure_of(source(tmp_path / "paper", shown, **files))
    assert found.images == ()
    assert reason in found.reason


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    place = source(tmp_path / "paper", r"\includegraphics{a.png}")
    (place / "a.png").symlink_to(tmp_path / "a.png")
    assert figure_of(place).images == ()


def test_graphics_of_an_archive(tmp_path: Path) -> None:
    files = {"main.tex": (SOURCE % r"\includegraphics{figs/a}").encode(), "figs/a.png": encoded("PNG")}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    place = tmp_path / "paper.tar.gz"
    place.write_bytes(gzip.compress(packed.getvalue()))
    (image,) = figure_of(place).images
    assert image.width == 60


def printed(tmp_path: Path) -> tuple[Path, Paper]:
    """A PDF with an image of 200 by 100 points above its caption, between running text."""
    lines = [
        (72.0, 60.0, 16.0, "Times-Bold", "A Title of a Paper"),
        *paragraph(72, 100, TEXT),
        *paragraph(72, 300, ["Figure 1: A frame, seen from the front."]),
        *paragraph(72, 330, TEXT),
    ]
    file = make_pdf(tmp_path / "paper.pdf", [lines])
    add_image(file, drawing(40, 20), (72, 180, 272, 280))
    return file, read(file)


def test_a_figure_is_cut_from_its_page(tmp_path: Path) -> None:
    file, paper = printed(tmp_path)
    (place,) = [each for each in paper.places if each.anchor == "fig:1"]
    assert place.left == pytest.approx(72, abs=1)
    assert place.top == pytest.approx(180, abs=1)
    assert place.bottom == pytest.approx(310, abs=4)
    (found,) = figures(file, paper)
    (image,) = found.images
    assert image.width == pytest.approx(4 * 200, rel=0.05)  # four pixels a point
    assert image.height == pytest.approx(4 * 128, rel=0.1)  # with the caption, without running text


def test_figures_in_a_run_folder(tmp_path: Path) -> None:
    file, paper = printed(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    assert not has_figures(run, paper)
    (missing,) = saved_figures(run, paper)
    assert missing == FigureImages(anchor="fig:1", reason="it has no picture")
    save_figures(file, paper, run)
    assert has_figures(run, paper)
    assert saved_figures(run, paper) == figures(file, paper)
    (run / "pictures" / "fig-1.png").write_bytes(own := encoded("PNG"))
    (replaced,) = saved_figures(run, paper)
    assert (replaced.images[0].data, replaced.images[0].width) == (own, 60)
    (run / "pictures" / "fig-1.png").write_bytes(b"GIF89a")
    assert saved_figures(run, paper)[0].reason == "pictures/fig-1.png is no PNG file"
    (run / "pictures" / "fig-1.png").write_bytes(b"\x89PNG" + b"\0" * LARGEST_FIGURE)
    with pytest.raises(RunFolderError):
        saved_figures(run, paper)


def test_a_reason_gives_way_to_a_picture(tmp_path: Path) -> None:
    place, run = source(tmp_path / "paper", r"\includegraphics{a}"), tmp_path / "run"
    run.mkdir()
    save_figures(place, read(place), run)
    assert (run / "pictures" / "fig-1.txt").read_text(encoding="utf-8") == "a is not among the files of the paper"
    (place / "a.png").write_bytes(encoded("PNG"))
    save_figures(place, read(place), run)
    assert [path.name for path in (run / "pictures").iterdir()] == ["fig-1.png"]
    assert saved_figures(run, read(place))[0].images


def test_a_page_that_pdfium_cannot_open_leaves_no_picture(tmp_path: Path) -> None:
    file, paper = printed(tmp_path)
    file.write_bytes(b"%PDF-1.4 damaged")
    assert figures(file, paper)[0].reason == "there is no picture of it"
