"""Slides as a PowerPoint file: a title, the section's video with its first picture as poster, and the notes.

manim-slides could write one too, but on blank slides: without titles an outline or a screen reader finds nothing, and as its videos cover
the whole slide a click meets the video and never the slide. It also brings Qt's and pydantic's parts along. python-pptx, which it
calls, is enough.
"""

from __future__ import annotations

import math
import re
import textwrap
from pathlib import Path
from typing import Any

from flashviz.delivery.manifest import Manifest
from flashviz.delivery.slides.deck import ASPECTS, Slide, aspect_of
from flashviz.delivery.slides.look import Look
from flashviz.delivery.slides.sections import Section
from flashviz.errors import MissingPartError

try:
    from pptx import Presentation
    from pptx.dml.color import RGBColor
    from pptx.util import Emu, Inches, Pt
except ImportError as error:
    raise MissingPartError("slides as pptx need python-pptx, which is not installed; pip install 'flashviz[slides]'") from error

HEIGHT = 7.5  # inches, as PowerPoint's own slides
BAND = 0.75  # inches of the title: what is clicked to go on, since a click on the video pauses it
MARGIN = 0.4
SIZES = (24, 20, 18, 16, 14, 12)  # points
POINTS = 72  # an inch
LETTER, LINE = 0.72, 1.2  # width of a letter in a wide bold face and height of a line, in sizes of type
PADDING = 0.2  # inches within a text box, left and right together; half of it above and below
PROPERTY = 255  # letters of a file's title, subject and comments
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TITLE_ONLY = 5  # among the layouts of python-pptx's own template


def write_pptx(manifest: Manifest, slides: list[Slide], sections: list[Section], poster: Path, look: Look, file: Path) -> None:
    """Write the file: an opening slide, one a section, a closing one."""
    deck = Presentation()
    deck.slide_height = Inches(HEIGHT)
    deck.slide_width = Inches(HEIGHT * ASPECTS[aspect_of(manifest)])
    about = deck.core_properties
    about.title, about.subject, about.author = _property(manifest.subject), _property(manifest.about), "flashviz"
    about.comments, about.language = _property(" ".join(look.colophon)), _property(manifest.language)
    size = manifest.width, manifest.height
    opening = _slide(deck, manifest.subject, look)
    _picture(opening, poster, deck, size, manifest.about)
    for slide, section in zip(slides, sections, strict=True):
        drawn = _slide(deck, slide.title, look)
        _video(drawn, section, deck, size, slide.beat.caption or slide.title)
        drawn.notes_slide.notes_text_frame.text = legible(slide.spoken())
        if slide.reveal:
            _picture(_slide(deck, slide.reveal, look), section.last, deck, size, slide.title)
    closing = _slide(deck, manifest.subject, look)
    _picture(closing, sections[-1].last, deck, size, slides[-1].beat.caption or slides[-1].title)
    closing.notes_slide.notes_text_frame.text = legible("\n".join(look.colophon))
    deck.save(str(file))


def _slide(deck: Any, title: str, look: Look) -> Any:
    """A slide on the film's ground with its title in the band."""
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = RGBColor.from_string(look.ground[1:].upper())
    place = slide.shapes.title
    place.left, place.top, place.width, place.height = Inches(MARGIN), 0, deck.slide_width - 2 * Inches(MARGIN), Inches(BAND)
    place.text_frame.text = legible(title)
    place.text_frame.word_wrap = True
    font = place.text_frame.paragraphs[0].font
    font.size, font.bold, font.color.rgb = Pt(points(title, place.width.inches)), True, RGBColor.from_string(look.ink[1:].upper())
    return slide


def legible(text: str) -> str:
    """A text as XML can hold it: control characters and lone surrogates are shown as what they are, none of Unicode's."""
    return NO_XML.sub("\ufffd", text)


def _property(text: str) -> str:
    return textwrap.shorten(legible(text), PROPERTY, placeholder=" ...") if len(text) > PROPERTY else legible(text)


def points(title: str, width: float) -> int:
    """The largest size of type in which a title fits the band, where it is ``width`` inches wide."""
    for size in SIZES:
        lines = math.ceil(len(title) * LETTER * size / POINTS / (width - PADDING))
        if lines * LINE * size / POINTS <= BAND - PADDING / 2:
            return size
    return SIZES[-1]


def _box(deck: Any, size: tuple[int, int]) -> tuple[Emu, Emu, Emu, Emu]:
    """Left, top, width and height of a picture of ``size`` pixels, as large as it fits under the band."""
    room = deck.slide_height - Inches(BAND)
    scale = min(deck.slide_width / size[0], room / size[1])
    width, height = (round(side * scale) for side in size)
    return Emu((deck.slide_width - width) // 2), Emu(Inches(BAND) + (room - height) // 2), Emu(width), Emu(height)


def _picture(slide: Any, picture: Path, deck: Any, size: tuple[int, int], said: str) -> None:
    _describe(slide.shapes.add_picture(str(picture), *_box(deck, size)), said)


def _video(slide: Any, section: Section, deck: Any, size: tuple[int, int], said: str) -> None:
    """The clip, which begins as the slide is shown."""
    video = slide.shapes.add_movie(str(section.clip), *_box(deck, size), poster_frame_image=str(section.first), mime_type="video/mp4")
    _describe(video, said)
    for condition in slide.element.iterfind(".//{*}video//{*}cond"):  # python-pptx waits for a click: delay="indefinite"
        condition.set("delay", "0")


def _describe(shape: Any, said: str) -> None:
    shape._element.nvPicPr.cNvPr.set("descr", legible(said))
