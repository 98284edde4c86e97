"""The delivery of a film: what manim encodes, in a file that every browser plays with the right colours.

``make_renderer`` is what a scene hands to ``manim.Scene.__init__``; ``probe`` reads back what a finished file is.
"""

from flashviz.render.probe import Film, probe
from flashviz.render.renderer import FilmRenderer, make_renderer
from flashviz.render.share import Claims, Interleaved, LostSegmentsError, Share
from flashviz.render.writer import FilmWriter, check_place, index_first, manim_for

__all__ = [
    "Claims", "Film", "FilmRenderer", "FilmWriter", "Interleaved", "LostSegmentsError", "Share", "check_place", "index_first",
    "make_renderer", "manim_for", "probe",
]  # fmt: skip
