# ruff: noqa: E501  (pages as they are served)
import pytest
from benchmarks.reading.kinds.case import Case, outcome
from benchmarks.reading.kinds.html import cases
from lxml import etree

from papercoder.errors import PaperError
from papercoder.paper.html import read_html
from papercoder.paper.mathml import tex_of


@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: case.name)
def test_forms_of_pages(case: Case) -> None:
    assert outcome(case).failed == ()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<title>No HTML for '2101.00001'</title><h1>No HTML for '2101.00001'</h1><p>HTML is not available for the source.</p>",
         "no HTML of this paper"),
        ("<title>404 Not Found</title><h1>Not Found</h1><p>The requested URL was not found.</p>", "not found"),
        ("<title>Article not found</title><h1>Oops</h1><p>Page not found. Try the search.</p>", "not found"),
        ("<title>Just a moment...</title><p>Checking your browser before accessing the site.</p>", "captcha"),
        ("<h1>One more step</h1><p>Please complete the CAPTCHA to continue.</p>", "captcha"),
        ("<title>403 Forbidden</title><h1>Access denied</h1><p>You have no permission.</p>", "does not give access"),
        ("<h1>Kilns</h1><p>Log in to access this article through your institution.</p>", "does not give access"),
        ("<title>Error 503</title><p>Service temporarily unavailable.</p>", "server's error"),
        ("<head><meta name='citation_arxiv_id' content='2101.00001'></head><h1>Title: Kilns</h1><blockquote>We fire."
         "</blockquote>", "arXiv's page about the paper"),
        ("<title>App</title><div id='root'></div><noscript>You need JavaScript.</noscript>", "without a paper's text"),
        ("<h1>Kilns</h1><p>Download the PDF here.</p>", "without a paper's text"),
    ],
)  # fmt: skip
def test_pages_that_are_no_paper_are_refused(page: str, reason: str) -> None:
    with pytest.raises(PaperError, match=reason) as failure:
        read_html(f"<html>{page}</html>".encode(), "page.html")
    assert str(failure.value).count(". ") == 0


def test_a_paper_may_speak_of_errors() -> None:
    text = "Access denied errors and captcha pages are studied. " * 80
    page = f"<html><h1>Captchas</h1><h2>1 Introduction</h2><p>{text}</p></html>"
    assert read_html(page.encode(), "page.html").title == "Captchas"


def test_a_failed_conversion_is_a_loss() -> None:
    page = (
        "<html><body><article class='ltx_document'><h2>1 Introduction</h2><p>Text.</p></article>"
        "<div>Conversion to HTML had a Fatal error and exited abruptly.</div></body></html>"
    )
    assert [loss.kind for loss in read_html(page.encode(), "page.html").losses] == ["conversion"]


@pytest.mark.parametrize(
    ("source", "tex"),
    [
        ("<mfrac><mn>1</mn><msqrt><mi>β</mi></msqrt></mfrac>", r"\frac{1}{\sqrt{\beta}}"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>",
            r"\sum_{i = 1}^{n}",
        ),
        ("<mover><mi>x</mi><mo>^</mo></mover>", r"\hat{x}"),
        ("<msup><mi>x</mi><mo>^</mo></msup>", "x^{^}"),
        (
            "<mi>softmax</mi><mi>log</mi><mi>𝔼</mi><mi mathvariant='bold'>w</mi>",
            r"\mathrm{softmax} \log \mathbb{E} \mathbf{w}",
        ),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_{i}^{2}"),
        ("<mfenced><mi>x</mi><mi>y</mi></mfenced>", "( x , y )"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        (
            "<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable>",
            r"\begin{matrix} a & b \end{matrix}",
        ),
        ("<semantics><mi>x</mi><annotation encoding='application/x-tex'>X_1</annotation></semantics>", "X_1"),
        ("<mtext>if cold</mtext><mo>−</mo>", r"\text{if cold} -"),
    ],
)
def test_mathml_to_latex(source: str, tex: str) -> None:
    assert tex_of(etree.fromstring(f"<math>{source}</math>")) == tex


def test_deep_formulas_read_as_their_characters() -> None:
    assert tex_of(etree.fromstring("<math>" + "<mrow>" * 200 + "<mi>x</mi>" + "</mrow>" * 200 + "</math>")) == "x"
