"""What ``flashviz bench render`` renders unless it is asked for a whole film: one program's first tile, and the rise of the max."""

from typing import Any

from flashviz.chapters.film import EXCERPT
from flashviz.cli.films import DEFAULT_SCENE, find_scenes, load_scene

Whole: Any = load_scene(*find_scenes((DEFAULT_SCENE,)))


class ExcerptScene(Whole):  # type: ignore[misc]  # the film's class is known once its file has run
    """One program's first tiles, slowly: the film, of which these beats alone are played."""

    poster = "same"
    only = EXCERPT
