"""What ``flashviz bench render`` renders unless it is asked for a whole film: the slow tile and the rise, beats 7a to 9d."""

from typing import Any

from flashviz.cli.films import DEFAULT_SCENE, find_scenes, load_scene
from flashviz.storyboard import EXCERPT_SECONDS

Whole: Any = load_scene(*find_scenes((DEFAULT_SCENE,)))


class ExcerptScene(Whole):  # type: ignore[misc]  # the film's class is known once its file has run
    """One program's first tiles, slowly: the film, of which these beats alone are played."""

    poster = "9c"
    seconds = EXCERPT_SECONDS
