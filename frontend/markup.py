"""The pieces of HTML that Streamlit has no widget for, and names as its widgets show them. Every text from
outside is escaped here."""

import base64
import re
from html import escape

from frontend.answers import LabelScore, ModelName
from frontend.wording import Notice, Todo, percent

# Drawn by the style sheet: Streamlit's sanitizer takes inline SVG away.
PAW = '<i class="mng-paw" aria-hidden="true"></i>'

# Of Markdown as Streamlit reads it: what means something anywhere, and what does as a text's beginning.
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
BEGINNINGS = re.compile(r"^(\d*)([-+.)=])")
COLON = re.compile(r":(?=\S)")
UNSEEN = "\u2060"  # a word joiner: it has no width, and no line breaks at it


def plain(text: str) -> str:
    """`text` for the label of a widget, a choice of pills, or a message, all of which Streamlit reads as
    Markdown: names of labels, models, tasks and files are none."""
    marked = BEGINNINGS.sub(r"\1\\\2", MARKS.sub(r"\\\1", " ".join(text.split())))
    # Emoji (:cat:), icons and addresses are looked for in what is left when the escapes are gone.
    return COLON.sub(rf"\\:{UNSEEN}", marked)


def unbroken(text: str) -> str:
    """`text` in which no line breaks between a number and its sign."""
    return text.replace(" %", "\u00a0%")


def hero() -> str:
    return (
        '<div class="mng-hero"><h1>What animal is this?</h1>'
        "<p>Show it a picture. You get the animal&rsquo;s name, how sure that is, "
        "and pictures like it.</p></div>"
    )


def lead(text: str) -> str:
    """What a page is for, below its name."""
    return f'<p class="mng-lead">{escape(text)}</p>'


def status(model: ModelName, pictures: int) -> str:
    library = f"{pictures:,} pictures to compare with" if pictures else "no pictures to compare with yet"
    return f'<p class="mng-fine mng-center">Model {escape(model.version)} · {library}</p>'


def notice(said: Notice, detail: str | None = None) -> str:
    """`detail`: what exactly was found, in small print."""
    fine = f'<p class="mng-fine">Details: {escape(detail)}</p>' if detail else ""
    return f'<div class="mng-notice" role="alert">{advice(said)}{fine}</div>'


def advice(said: Notice) -> str:
    """What a notice says, without the box around it."""
    words = f"<p>{escape(said.advice)}</p>" if said.advice else ""
    command = f"<p>{todo(said.todo)}</p>" if said.todo else ""
    return f"<h2>{escape(said.title)}</h2>{words}{command}"


def todo(one: Todo) -> str:
    """What whoever runs the service can do: a sentence, with what to type in a box that one click selects."""
    typed = ", then ".join(f'<code class="mng-command">{escape(command)}</code>' for command in one.commands)
    then = f" {escape(one.then)}" if one.then else ""
    return f"{escape(one.begin)} {typed}.{then}"


def done(said: str) -> str:
    return f'<p class="mng-done" role="status">{escape(said)}</p>'


def bars(scores: tuple[LabelScore, ...]) -> str:
    return f'<ol class="mng-bars" aria-label="Likeliest animals">{"".join(map(_bar, scores))}</ol>'


def _bar(entry: LabelScore) -> str:
    return (
        f"<li><span>{escape(entry.label)}</span><span>{escape(percent(entry.score))}</span>"
        f'<i aria-hidden="true"><b style="width:{100 * entry.score:.1f}%"></b></i></li>'
    )


def byline(model: ModelName) -> str:
    task, version = escape(model.task), escape(model.version)
    return f'<p class="mng-fine">Answered by model {task}, version {version}</p>'


def thumbnail(data: bytes | None, alt: str) -> str:
    """A square that fills its box; a paw in its place without `data`."""
    if data is None:
        return f'<div class="mng-square" role="img" aria-label="{escape(alt)}">{PAW}</div>'
    # A data address, because the visitor's browser may not reach the API.
    source = f"data:{mime_type(data)};base64,{base64.b64encode(data).decode()}"
    return f'<img class="mng-square" src="{source}" alt="{escape(alt)}">'


def no_preview(name: str) -> str:
    return f'<div class="mng-blank">{PAW}<span>{escape(name)}</span></div>'


def mime_type(data: bytes) -> str:
    return "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"


def gallery_note(shown: int, available: int, label: str) -> str:
    return f'<p class="mng-fine">The {shown} nearest of {available:,} pictures of {escape(label)}.</p>'
