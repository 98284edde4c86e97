"""Every film, in every aspect and skin: what is drawn stands in the frame and has the skin's colours."""

from __future__ import annotations

from typing import Any

import pytest

from flashviz.cli.films import KERNEL_SCENE, known_scenes, load_scene
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from tests.directed import scene
from tests.drawn import check_drawn, check_said
from tests.films import played
from tests.test_directed import FILMS

LOOKS = {"16:9": "light", "4:3": "dark", "1:1": "light", "9:16": "dark"}
ELSEWHERE = {KERNEL_SCENE, "CourseScene"}  # in tests of their own: one needs a recording, one plays the others
DIRECTED = {film.name: film for film in FILMS.values()}


@pytest.mark.parametrize("name", [name for name in known_scenes() if name not in ELSEWHERE])
@pytest.mark.parametrize("aspect", LOOKS)
def test_what_is_drawn_is_in_the_frame_and_in_the_skins_colours(name: str, aspect: Any) -> None:
    if name in DIRECTED:  # which other tests play so, and see what is said as well
        check_drawn(scene(DIRECTED[name], aspect, theme=LOOKS[aspect]))
    else:
        settings: Any = {"source": "numpy", "aspect": aspect, "theme": LOOKS[aspect]}
        check_drawn(played(load_scene(known_scenes()[name]), Settings(config=AttentionConfig(), **settings), watch=check_said))
