"""A browser plays the film, and shows the colours that were drawn."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import pytest
from manim import LEFT, RIGHT, ManimColor, Rectangle, Scene
from playwright.sync_api import sync_playwright

from flashviz.render import make_renderer
from tests.conftest import REQUIRE_BROWSER, ManimConfig

WIDTH, HEIGHT = 1280, 720  # below 720 lines a browser takes an untagged film for BT.601, and nothing would be tested
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LEFT_FILL, RIGHT_FILL = "#009E73", "#D55E00"
PIXELS = """async ([film, points]) => {
    const video = document.createElement('video');
    video.src = 'data:video/mp4;base64,' + film;
    const came = event => new Promise((done, fail) => {
        video['on' + event] = done;
        video.onerror = () => fail(video.error.message);
    });
    await came('loadeddata');
    video.currentTime = 0.3;
    await came('seeked');
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext('2d');
    const pixel = (x, y) => [...canvas.getImageData(x, y, 1, 1).data];
    for (let tries = 0; pixel(0, 0)[3] === 0; tries++) {  // the canvas stays clear until the frame is there to be drawn
        if (tries === 100) throw new Error('no frame came');
        await new Promise(done => setTimeout(done, 50));
        canvas.drawImage(video, 0, 0);
    }
    return points.map(([x, y]) => pixel(x, y).slice(0, 3));
}"""


class Halves(Scene):
    def __init__(self) -> None:
        super().__init__(renderer=make_renderer())

    def construct(self) -> None:
        left, right = (Rectangle(height=8, width=8, fill_opacity=1, stroke_width=0) for _ in range(2))
        self.add(left.set_fill(ManimColor(LEFT_FILL)).shift(4 * LEFT))
        self.add(right.set_fill(ManimColor(RIGHT_FILL)).shift(4 * RIGHT))
        self.wait(0.6)


def browser_path() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.mark.skipif(browser_path() is None and not os.environ.get(REQUIRE_BROWSER), reason=f"none of {', '.join(BROWSERS)} is installed")
def test_a_browser_shows_the_colours_that_were_drawn(manim_config: ManimConfig) -> None:
    executable = browser_path()
    assert executable is not None, f"{REQUIRE_BROWSER} is set and none of {', '.join(BROWSERS)} is installed"
    with manim_config(pixel_width=WIDTH, pixel_height=HEIGHT):
        scene = Halves()
        scene.render()
        film = Path(scene.renderer.file_writer.final_file_path)
    fills = {(WIDTH // 4, HEIGHT // 2): LEFT_FILL, (WIDTH * 3 // 4, HEIGHT // 2): RIGHT_FILL}
    for fill, pixel in zip(fills.values(), shown(executable, film, list(fills)), strict=True):
        drawn = [int(fill[at : at + 2], 16) for at in (1, 3, 5)]
        assert max(abs(a - b) for a, b in zip(pixel, drawn, strict=True)) <= 2, f"{fill} is shown as {pixel}"


def shown(executable: str, film: Path, points: list[tuple[int, int]]) -> list[list[int]]:
    """The red, green and blue that the browser shows at ``points``, 0.3 s into the film."""
    content = base64.b64encode(film.read_bytes()).decode()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        pixels: list[list[int]] = browser.new_page().evaluate(PIXELS, [content, points])
        browser.close()
    return pixels
