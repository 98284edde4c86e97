"""Every film, in every aspect and skin: what is drawn stands in the frame and has the skin's colours."""

from __future__ import annotations

from typing import Any

import pytest

from flashviz.cli.films import KERNEL_SCENE, known_scenes, load_scene
from flashviz.config import AttentionConfig
from flashviz.settings import Settings
from tests.drawn import check_drawn, check_said
from tests.films import played

LONG = {"CourseScene"}  # plays the others
LOOKS = {"16:9": "light", "4:3": "dark", "1:1": "light", "9:16": "dark"}
FILMS = [
    pytest.param(name, marks=[pytest.mark.slow] if name in LONG else [])
    for name in known_scenes()
    if name != KERNEL_SCENE  # in tests/test_kernel_film.py: it needs a recording
]


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("aspect", LOOKS)
def test_what_is_drawn_is_in_the_frame_and_in_the_skins_colours(name: str, aspect: Any) -> None:
    if name in LONG and aspect != "16:9":
        pytest.skip("its parts are played alone in this aspect")
    settings: Any = {"source": "numpy", "aspect": aspect, "theme": LOOKS[aspect]}
    check_drawn(played(load_scene(known_scenes()[name]), Settings(config=AttentionConfig(), **settings), watch=check_said))
