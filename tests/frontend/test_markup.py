"""Names from outside, as widgets show them."""

from html import unescape

import pytest
from markdown_it import MarkdownIt

from frontend.markup import UNSEEN, notice, plain
from frontend.wording import Notice, Todo

NAMES = [
    "a*b*c",
    "_x_ and `y`",
    "![x](http://x.example/y.png)",
    "[x](http://x.example)",
    "<http://x.example>",
    "https://x.example/y",
    "<b>bold</b>",
    "~~struck~~",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "> said",
    "===",
    "&lt;&copy;",
    "back\\slash \\* star",
    "animals-7 (2).v1",
    "50%_cats *x*",
    "a$b$ 100 %",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_letter_by_letter(name: str) -> None:
    drawn = MarkdownIt("commonmark").enable("strikethrough").render(plain(name))
    assert unescape(drawn).replace(UNSEEN, "") == f"<p>{name}</p>\n"


@pytest.mark.parametrize("name", [":red[x]", ":material/home:", ":cat:", "$x^2$"])
def test_what_streamlit_alone_would_draw_is_marked_as_text(name: str) -> None:
    assert name not in plain(name)
    assert plain(name)[0] == "\\"
    assert MarkdownIt("commonmark").render(plain(name)).replace(UNSEEN, "") == f"<p>{name}</p>\n"


def test_a_name_of_several_lines_is_one() -> None:
    assert plain("a\n\n    b\n===") == "a b ==="


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert plain("Go back to animals-7, lion-2.jpg: yes") == "Go back to animals-7, lion-2.jpg: yes"


def test_what_the_operator_can_do_is_a_sentence_with_what_to_type() -> None:
    todo = Todo("fill it", ("menagerie ingest <FOLDER>", "menagerie index"), "Then look again.")
    said = Notice("Empty", "", todo=todo)
    assert said.text == (
        "Whoever runs this service can fill it with: menagerie ingest <FOLDER>, then menagerie index. "
        "Then look again."
    )
    assert notice(said) == (
        '<div class="mng-notice" role="alert"><h2>Empty</h2><p>Whoever runs this service can fill it with '
        '<code class="mng-command">menagerie ingest &lt;FOLDER&gt;</code>, then '
        '<code class="mng-command">menagerie index</code>. Then look again.</p></div>'
    )
