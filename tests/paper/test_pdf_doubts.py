"""What a PDF's text may have lost, and pictures of it."""

import gzip
from pathlib import Path

import httpx
import pytest

from papercoder.errors import RunFolderError
from papercoder.paper import read
from papercoder.paper.arxiv import Arxiv
from papercoder.paper.draft import Area, Display, Draft, Grid, Text
from papercoder.paper.pdf.extract import RawDocument, RawPage, Rule, Sign, Word
from papercoder.paper.pdf.flow import formula_doubts
from papercoder.paper.pdf.headings import Numbered, numbered_roman, uses_roman
from papercoder.paper.pdf.losses import READABLE, is_language, losses, unreadable
from papercoder.paper.pictures import picture_name, pictures, save_pictures

DATA = Path(__file__).parent / "data"
AREA = Area(1, 100, 100, 300, 130)
ENGLISH = "The language model is trained on a large set of data and then adapted to a task with more care than before."


def _page(**parts: object) -> RawPage:
    return RawPage(**({"width": 612, "height": 792, "words": [], "rules": [], "plain": ""} | parts))  # type: ignore[arg-type]


def _kinds(text: str, page: RawPage) -> list[str]:
    return [doubt.kind for doubt in formula_doubts([page], [Display(text, "1", AREA)])]


def test_a_root_or_fraction_that_fell_apart() -> None:
    page = _page(bars=[Rule(150, 165, 105)])
    assert _kinds("p 1 − βtxt−1", page) == ["fraction"]
    assert _kinds("\\sqrt{1-\\beta_t}x_{t-1}", page) == []
    assert _kinds("a + b", _page(bars=[Rule(150, 165, 400)])) == []


def test_a_sum_without_its_limits() -> None:
    page = _page(signs=[Sign("∑", 150, 115)], words=[Word("i=1", 145, 124, 12, 6, 6, "CMMI7", 0)])
    assert _kinds("\\sum x_{i}", page) == ["limits"]
    assert _kinds("X x_{i}", page) == ["limits"]
    assert _kinds("\\sum_{i=1} x_{i}", page) == []
    assert _kinds("\\sum x_{i}", _page(signs=[Sign("∑", 150, 115)])) == []


def test_letters_without_their_accents() -> None:
    page = _page(signs=[Sign("ˆ", 150, 110)])
    assert _kinds("y = 1", page) == ["accent"]
    assert _kinds("\\hat{y} = 1", page) == []
    assert [doubt.kind for doubt in formula_doubts([_page()], [Text("where yˆ is", AREA)])] == ["accent"]


def test_several_numbers_in_one_cell() -> None:
    table = Grid("C", (("a", "1", "2", "3"), ("b", "4 5 6", "", "")), "1", AREA)
    assert [doubt.kind for doubt in formula_doubts([_page()], [table])] == ["cells"]


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        "Le modèle de langue est entraîné sur un grand corpus et adapté ensuite à une tâche avec plus de soin.",
        "Das Sprachmodell wird auf großen Daten trainiert und danach mit mehr Sorgfalt als zuvor angepasst.",
        "Model językowy jest trenowany na dużym zbiorze danych, a następnie dostrajany do konkretnego zadania.",
        "Языковая модель обучается на большом наборе данных, а затем дообучается для конкретной задачи авторов.",
        "Xiaoqing Zhang, Yuxuan Wang, Zhiqiang Xu, Jingjing Liu, Wei Zhou, Kaiming He, Yoshua Bengio",
        "short",
    ],
)
def test_languages(text: str) -> None:
    assert is_language(text)


@pytest.mark.parametrize("by", [1, 3, 13, 18])
def test_shifted_codes_are_no_language(by: int) -> None:
    letters = {chr(97 + code): chr(97 + (code + by) % 26) for code in range(26)}
    assert not is_language("".join(letters.get(letter, letter) for letter in (ENGLISH * 3).lower()))


def test_codes_that_are_shifted_out_of_the_alphabet_are_no_language() -> None:
    shifted = "".join(letter if letter == " " else chr((ord(letter) - 3) % 95 + 32) for letter in ENGLISH * 3)
    assert not is_language(shifted)
    assert is_language("0.91 (3) ** " * 40)


def test_a_page_in_an_unreadable_font() -> None:
    words = [Word("Wkh odqjxdjh prgho lv wudlqhg rq d odujh vhw ri gdwd dqg wkhq", 72, 100, 300, 10, 10, "F1", 0)] * 3
    good = [Word(ENGLISH, 72, 100, 300, 10, 10, "F2", 0)] * 3
    found = unreadable(RawDocument(pages=[_page(words=good), _page(words=words)]))
    assert (found.fonts, found.pages) == (frozenset({"F1"}), (1,))
    assert found.sample.startswith("Wkh odqjxdjh")


def test_sideways_text_is_reported() -> None:
    words = [Word(ENGLISH, 72, 100, 10, 300, 10, "F", 90.0)] * 2
    found = losses(RawDocument(pages=[_page(words=words)]), Draft(), READABLE)
    assert [(loss.kind, loss.page) for loss in found if loss.kind == "sideways"] == [("sideways", 1)]


def test_roman_numbers() -> None:
    assert uses_roman(["I. INTRODUCTION", "A. Scope", "II. METHOD"])
    assert not uses_roman(["I. INTRODUCTION", "V. METHOD"])
    section = numbered_roman("V. RESULTS", Numbered("4.2", "T"))
    assert section is not None
    assert section.number == "5"
    below = numbered_roman("1) Layers", Numbered("3.2", "T"))
    assert below is not None
    assert below.number == "3.2.1"


def test_pictures_of_places(tmp_path: Path) -> None:
    paper = read(DATA / "two_columns.pdf")
    save_pictures(DATA / "two_columns.pdf", paper, tmp_path)
    saved = tmp_path / "pictures"
    assert {"title.png", "eq-1.png", "eq-2.png", "tab-1.png"} <= {path.name for path in saved.iterdir()}
    assert (saved / picture_name("eq:1")).read_bytes().startswith(b"\x89PNG")
    assert {place.page for place in paper.places if place.anchor == "title"} == {1}


def test_no_pictures_of_what_is_no_file(tmp_path: Path) -> None:
    save_pictures(Path("1706.03762"), read(DATA / "two_columns.pdf"), tmp_path)
    assert not (tmp_path / "pictures").exists()


def test_pictures_of_a_packed_pdf(tmp_path: Path) -> None:
    packed = tmp_path / "paper.pdf.gz"
    packed.write_bytes(gzip.compress((DATA / "two_columns.pdf").read_bytes()))
    plain = pictures(DATA / "two_columns.pdf", read(DATA / "two_columns.pdf"))
    assert pictures(packed, read(packed)) == plain
    packed.write_bytes(b"\x1f\x8bdamaged")
    assert pictures(packed, read(DATA / "two_columns.pdf")) == {}


@pytest.mark.parametrize(("number", "form"), [("2504.17192", "e-print"), ("2504.17192v2", "pdf")])
def test_pictures_of_a_pdf_from_arxiv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, form: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    content = (DATA / "two_columns.pdf").read_bytes()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content) if request.url.path == f"/{form}/{number}" else httpx.Response(404)

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://arxiv.org")
    paper = read(number, Arxiv(client, sleep=lambda _: None))
    assert paper.source == "pdf"
    assert {"title", "eq:1", "tab:1"} <= pictures(number, paper).keys()
    assert pictures("1706.03762", paper) == {}


def test_no_picture_is_written_through_a_link(tmp_path: Path) -> None:
    paper = read(DATA / "two_columns.pdf")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "pictures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="is a link"):
        save_pictures(DATA / "two_columns.pdf", paper, tmp_path / "run")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_picture_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine", encoding="utf-8")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "title.png").symlink_to(tmp_path / "target")
    save_pictures(DATA / "two_columns.pdf", read(DATA / "two_columns.pdf"), tmp_path)
    assert (tmp_path / "target").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "pictures" / "title.png").is_symlink()
