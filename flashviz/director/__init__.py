"""The director: beats -> animations. TraceScene is what every film derives from."""

from flashviz.director.flash import FlashFilm
from flashviz.director.kernel import KernelFilm
from flashviz.director.scene import Paint, Shown, Snapshot, TraceScene

__all__ = ["FlashFilm", "KernelFilm", "Paint", "Shown", "Snapshot", "TraceScene"]
