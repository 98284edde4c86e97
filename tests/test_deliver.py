"""A delivered film: each file read back by a library, whole or not there, and left alone when nothing has changed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
import webvtt
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flashviz.cli import deliver, films, main
from flashviz.delivery import container
from flashviz.delivery.captions import LINE, LINES, cues, even, srt, vtt
from flashviz.delivery.manifest import MANIFEST, Manifest, read_manifest
from flashviz.delivery.pictures import A_MOMENT, LOOP_BYTES, POSTER_BYTES, pictures
from flashviz.director.film.stage import FlashStage
from flashviz.errors import FlashvizError, MissingPartError
from flashviz.render import probe
from flashviz.settings import load_settings
from flashviz.storyboard import Told
from tests.delivered import COLOURS, scene_file
from tests.films import film, scenes

PACE = 17  # letters a second that are read without haste
SCENE = "ThreeScene"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small film, delivered."""
    place = tmp_path_factory.mktemp("delivered")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(films, "CHECKOUT", scene_file(place).file.parent)
        deliver.deliver([SCENE], place / "out", "low_quality", load_settings(environ={}, folder=place), place / "media", 1, av1=True)
        yield place / "out" / SCENE


def again(folder: Path, **options: bool) -> Manifest:
    place = folder.parents[1]
    (made,) = deliver.deliver([SCENE], place / "out", "low_quality", load_settings(environ={}, folder=place), place / "media", 1, **options)
    return made


def test_every_file_is_named_and_is_as_it_was_written(folder: Path) -> None:
    manifest = read_manifest(folder)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    assert there == set(manifest.files.names()) == set(manifest.sha256)
    assert manifest.sha256 == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in there}
    assert (manifest.scene, manifest.poster_beat, manifest.licence, manifest.language) == (SCENE, "last", "CC-BY-4.0", "en")
    assert list(folder.parent.iterdir()) == [folder]


def test_films_play_everywhere_and_have_chapters_and_a_licence(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert len(manifest.files.films()) == 3
    for name in manifest.files.films():
        film = probe(folder / name)
        assert film.codec == ("libdav1d" if name == manifest.files.av1 else "h264")
        assert (film.pixel_format, film.primaries, film.transfer, film.faststart) == ("yuv420p", 1, 1, True)
        assert film.seconds == pytest.approx(manifest.beats[-1].start + manifest.beats[-1].seconds, abs=1 / manifest.fps)
        found = container.chapters(folder / name)
        assert [title for _, title in found] == [beat.title for beat in manifest.beats]
        assert [start for start, _ in found] == pytest.approx([beat.start for beat in manifest.beats], abs=1e-3)
        with av.open(str(folder / name)) as opened:
            assert opened.metadata["title"] == manifest.subject
            assert "CC BY 4.0" in opened.metadata["copyright"]
            assert "0123456789abcdef" in opened.metadata["comment"]


def test_only_the_caption_tells_the_two_films_apart(folder: Path) -> None:
    manifest = read_manifest(folder)
    times = [beat.start + beat.seconds - A_MOMENT for beat in manifest.beats]
    for told, clean in zip(*(pictures(folder / f"{SCENE}{end}.mp4", times) for end in ("", "-clean")), strict=True):
        apart = np.abs(np.asarray(told, dtype=int) - np.asarray(clean, dtype=int)).max(axis=2)
        assert apart[: apart.shape[0] // 2].max() <= 60  # the caption's band is below; the encoder's noise is above
        assert apart[apart.shape[0] // 2 :].max() > 100


def test_av1_shows_the_same(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.files.av1 is not None
    film = probe(folder / manifest.files.av1)
    assert (film.codec, film.pixel_format, film.primaries) == ("libdav1d", "yuv420p", 1)
    (told,), (small,) = (pictures(folder / name, [0.5]) for name in (manifest.files.film, manifest.files.av1))
    assert np.abs(np.asarray(told, dtype=int) - np.asarray(small, dtype=int)).mean() < 3


def test_captions_are_the_beats(folder: Path) -> None:
    manifest = read_manifest(folder)
    for read in (webvtt.read(str(folder / manifest.files.vtt)), webvtt.from_srt(str(folder / manifest.files.srt))):
        assert [cue.text for cue in read.captions] == [beat.caption for beat in manifest.beats]


def test_pictures_show_their_beats(folder: Path) -> None:
    manifest = read_manifest(folder)
    shown = [manifest.files.poster, *manifest.files.stills]
    for name, beat in zip(shown, ["last", *(beat.name for beat in manifest.beats)], strict=True):
        with Image.open(folder / name) as picture:
            pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
        assert np.abs(np.subtract(pixel, COLOURS[beat])).max() <= 4  # type: ignore[arg-type]
    assert (folder / manifest.files.poster).stat().st_size <= POSTER_BYTES
    assert manifest.files.loop is not None
    with Image.open(folder / manifest.files.loop) as loop:
        assert (loop.format, loop.n_frames > 1, loop.info["loop"]) == ("WEBP", True, 0)  # type: ignore[attr-defined]
    assert (folder / manifest.files.loop).stat().st_size <= LOOP_BYTES


def test_transcript_says_and_describes(folder: Path) -> None:
    words = (folder / f"{SCENE}.md").read_text(encoding="utf-8")
    assert words.startswith("# Three colours & a <question>\n\nThree colours.\n\n## 0:00 First\n\nThe first is green.\n")


def test_an_unchanged_film_is_left_alone_and_a_damaged_one_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "CHECKOUT", folder.parents[1])
    monkeypatch.chdir(folder.parents[1])
    before = folder.stat().st_ino
    again(folder)
    assert folder.stat().st_ino == before
    poster = folder / read_manifest(folder).files.poster
    whole = poster.read_bytes()
    poster.write_bytes(whole[:100])
    again(folder, av1=True)
    assert poster.read_bytes() == whole
    assert folder.stat().st_ino != before


def test_nothing_is_left_of_a_film_that_is_not_what_it_should_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> float:
        raise FlashvizError("expected h264, got mjpeg; render it again")

    monkeypatch.setattr(films, "CHECKOUT", folder.parents[1])
    monkeypatch.chdir(folder.parents[1])
    monkeypatch.setattr(deliver, "looked_at", refuse)
    other = folder.parents[1] / "other"
    with pytest.raises(FlashvizError, match="got mjpeg"):
        deliver.deliver([SCENE], other, "low_quality", load_settings(environ={}, folder=other), folder.parents[1] / "media", 1)
    assert list(other.iterdir()) == []


def test_a_film_that_is_too_large_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(folder)
    size = max((folder / name).stat().st_size for name in manifest.files.films())
    monkeypatch.setattr(deliver, "FULL_HD_BYTES", size)
    deliver.light_enough(folder, manifest)
    monkeypatch.setattr(deliver, "FULL_HD_BYTES", size - 1)
    with pytest.raises(FlashvizError, match=f"at most {size - 1:,} bytes, got {size:,}"):
        deliver.light_enough(folder, manifest)
    course = tuple(msgspec.structs.replace(beat, chapter=chapter) for beat, chapter in zip(manifest.beats, "aab", strict=True))
    deliver.light_enough(folder, msgspec.structs.replace(manifest, beats=course))
    monkeypatch.setattr(deliver, "FULL_HD", manifest.width * manifest.height - 1)
    deliver.light_enough(folder, manifest)


def test_films_cut_short_or_without_their_chapters_are_refused(folder: Path) -> None:
    manifest = read_manifest(folder)
    with pytest.raises(FlashvizError, match="to have chapters 2, got 3"):
        deliver.looked_at(folder, manifest.files, manifest.beats[:2])
    longer = (*manifest.beats[:2], msgspec.structs.replace(manifest.beats[2], seconds=9.0))
    with pytest.raises(FlashvizError, match=r"to last 11\.00 s, got 3\.00 s"):
        deliver.looked_at(folder, manifest.files, longer)


def test_command_says_what_it_refuses(tmp_path: Path) -> None:
    for arguments, said in (
        (["DigestScene", "--all"], "leave one out"),
        (["DigestScene", "--no-captions"], "leave out --captions and --no-captions"),
        (["DigestScen"], "no scene is called DigestScen"),
    ):
        result = CliRunner().invoke(main, ["deliver", *arguments, "--out", str(tmp_path)])
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_command_prints_the_manifests(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder.parents[1]
    monkeypatch.setattr(films, "CHECKOUT", place)
    monkeypatch.chdir(place)
    result = CliRunner().invoke(main, ["deliver", SCENE, "--out", "out", "-q", "l", "--json", "--workers", "1"])
    assert result.exit_code == 0, result.stderr
    assert [one["scene"] for one in json.loads(result.stdout)] == [SCENE]


def test_without_an_encoder_for_av1_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(container, "AV1", "no-such-codec")
    with pytest.raises(MissingPartError, match="--av1 needs"):
        container.as_av1(tmp_path / "a.mp4", tmp_path / "b.mp4")


# ------------------------------------------------------------------------------------------------------------------- captions


@given(st.text(alphabet="abc .", max_size=300).map(lambda text: " ".join(text.split())), st.integers(1, 5))
def test_captions_are_cut_between_words(text: str, count: int) -> None:
    assert " ".join(even(text, count, LINE)) == text


@given(st.lists(st.tuples(st.text(alphabet="abcdefg  ", max_size=240), st.floats(1, 30)), min_size=1, max_size=8))
def test_cues_follow_one_another_and_fit(beats: list[tuple[str, float]]) -> None:
    starts = np.cumsum([0.0, *(seconds for _, seconds in beats)])
    told = [Told(str(at), "", " ".join(text.split()), float(starts[at]), seconds) for at, (text, seconds) in enumerate(beats)]
    found = cues(told)
    assert " ".join(cue.text.replace("\n", " ") for cue in found) == " ".join(beat.caption for beat in told if beat.caption)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    for cue in found:
        lines = cue.text.split("\n")
        if max(map(len, cue.text.split())) <= LINE // 2:
            assert len(lines) <= LINES + 1
            assert max(map(len, lines)) <= LINE


def test_captions_are_written_as_webvtt_and_subrip_want_them() -> None:
    told = (Told("a", "A", "One <two> & three.", 0.0, 59.9996), Told("b", "B", "", 60.0, 5.0), Told("c", "C", "Four.", 3725.25, 4.0))
    assert vtt(told).split("\n\n") == [
        "WEBVTT", "00:00:00.000 --> 00:00:59.950\nOne &lt;two&gt; &amp; three.", "01:02:05.250 --> 01:02:09.200\nFour.\n",
    ]  # fmt: skip
    assert srt(told).split("\n\n") == [
        "1\n00:00:00,000 --> 00:00:59,950\nOne <two> & three.", "2\n01:02:05,250 --> 01:02:09,200\nFour.\n",
    ]  # fmt: skip


def test_chapters_are_marked_where_a_film_has_some() -> None:
    beats = [Told(str(at), f"beat {at}", "", 2.0 * at, 2.0, chapter=chapter) for at, chapter in enumerate("aab")]
    assert container.marks(beats) == [(0.0, 4.0, "a"), (4.0, 6.0, "b")]
    assert container.marks([Told("x", "X", "", 0.0, 1.0), Told("y", "Y", "", 1.0, 1.0)]) == [(0.0, 1.0, "X"), (1.0, 2.0, "Y")]


@pytest.mark.parametrize("name", ["FlashAttentionScene", "DigestScene"])
def test_captions_of_the_film_can_be_read(name: str) -> None:
    for cue in cues(film(name).scene.told):
        lines = cue.text.split("\n")
        assert len(lines) <= LINES, cue
        assert max(map(len, lines)) <= LINE, cue
        assert len(cue.text) / (cue.end - cue.start) <= PACE, cue


def test_every_beat_of_the_film_is_described() -> None:
    about, shown = deliver.described(scenes().FlashAttentionScene)
    assert issubclass(scenes().FlashAttentionScene, FlashStage)
    assert about.endswith(".")
    assert {beat.name for beat in film("FlashAttentionScene").scene.told} <= set(shown)
