"""The director: beats -> animations. TraceScene is what every film derives from."""

from flashviz.director.kernel import KernelFilm
from flashviz.director.scene import Paint, Shown, Snapshot, TraceScene

__all__ = ["KernelFilm", "Paint", "Shown", "Snapshot", "TraceScene"]
