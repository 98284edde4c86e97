"""A lecture: clips that are the film's frames, one folder and one zip that are whole, a page that asks nobody, plans that keep time."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import av
import msgspec
import pytest
import webvtt
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from flashviz.catalogue import read_catalogue
from flashviz.cli import films, main
from flashviz.cli import lecture as command
from flashviz.cli.films import load_scene
from flashviz.config import AttentionConfig
from flashviz.delivery import container
from flashviz.delivery.clips import Clip, runs, slug, titled, write_clips
from flashviz.delivery.lecture import LECTURE, PAGE, README, Lecture, read_lecture, size, write_zip, zip_of
from flashviz.delivery.manifest import read_manifest
from flashviz.delivery.pictures import POSTER_BYTES
from flashviz.delivery.slides.deck import notes_of
from flashviz.render import probe
from flashviz.settings import Settings
from flashviz.storyboard import Told
from tests.conftest import ROOT
from tests.delivered import COLOURS, scene_file
from tests.films import film, played
from tests.test_embedding import Tags
from tests.test_slides import browser_page, comes, needs_browser

SCENE = "ThreeScene"
TINY = ("--seq-len", "64", "--block-m", "16", "--block-n", "16", "--head-dim", "16", "--source", "numpy")
SCRIPT = '(Beat("first", "First", 5.0, "The first is {colour}."), Beat("last", "Last", 10.0, "The next is {colour}."))'
PAGE_TEXT, CHAPTERS = ((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("lecture", "chapters"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with a lecture on a small film: 5 s, a question of 5 s, 10 s."""
    folder = tmp_path_factory.mktemp("lecture")
    file = scene_file(folder).file
    text = re.sub(r'"(First|Question)", 1.0', r'"\1", 5.0', file.read_text(encoding="utf-8")).replace('"Last", 1.0', '"Last", 10.0')
    file.write_text(text.replace("    poster =", f"    script = {SCRIPT}\n    poster ="), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(films, "CHECKOUT", folder)
        made = make("out")
        assert made.exit_code == 0, made.stderr
        assert re.match(r"out: 1 films, 2 clips, \d+ files; open index.html\n.*/out.zip: \d", made.stdout)
        yield folder


def make(out: str, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["lecture", "--out", out, "--scene", SCENE, "-q", "l", "--workers", "1", "--encode", "fast", *TINY, *options]
    )


def lecture(folder: Path) -> Lecture:
    found = read_lecture(folder)
    assert found is not None
    return found


def within(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --------------------------------------------------------------------------------------------------------------------- clips

BEATS = st.lists(st.tuples(st.integers(1, 50), st.booleans(), st.sampled_from("ab")), min_size=1, max_size=7)


def told_of(beats: list[tuple[float, bool, str]]) -> list[Told]:
    starts = [sum(seconds for seconds, _, _ in beats[:at]) for at in range(len(beats))]
    named = zip(starts, beats, strict=True)
    return [Told(str(at), str(at), "", start, seconds, pause, chapter) for at, (start, (seconds, pause, chapter)) in enumerate(named)]


def ways(beats: list[Told]) -> Iterator[list[list[Told]]]:
    """Every way to cut a list into runs."""
    for cut in range(1, len(beats)):
        yield from ([beats[:cut], *rest] for rest in ways(beats[cut:]))
    yield [beats]


@given(BEATS)
def test_no_other_cut_is_better(beats: list[tuple[float, bool, str]]) -> None:
    def rank(cut: list[list[Told]]) -> tuple[float, ...]:
        lengths = [sum(beat.seconds for beat in run) for run in cut]
        misfits = sum(not 10 <= length <= 40 for length in lengths)
        across = sum(len({beat.chapter for beat in run}) - 1 for run in cut)
        inside = sum(beat.pause for run in cut for beat in run[:-1])
        return (misfits, across, inside, -len(cut), sum(length**2 for length in lengths))

    told = told_of(beats)
    found = [list(run) for run in runs(told)]
    assert [beat for run in found for beat in run] == told
    assert rank(found) == min(map(rank, ways(told)))


def test_a_long_beat_stays_whole_and_is_said_so() -> None:
    told = told_of([(12, False, ""), (45, False, ""), (5, True, ""), (6, False, "")])
    found = runs(told)
    assert [[beat.name for beat in run] for run in found] == [["0"], ["1"], ["2", "3"]]
    clips = [Clip(title="", seconds=run[0].seconds, beats=run, film="02-b.mp4", clean=None, vtt="", poster=None) for run in found]
    assert [clip.fits for clip in clips] == [True, False, True]
    (said,) = Lecture(made_of="", clips={"LongScene": clips}, sha256={}).told()
    assert said.startswith("LongScene/02-b.mp4: 45 s")


def test_clips_are_the_films_frames_and_no_others(place: Path) -> None:
    folder = place / "out"
    manifest = read_manifest(folder / "films" / SCENE)
    (clips,) = lecture(folder).clips.values()
    assert [clip.film for clip in clips] == ["01-first.mp4", "02-last.mp4"]
    assert [[beat.name for beat in clip.beats] for clip in clips] == [["first", "ask"], ["last"]]
    for whole, names in (
        (manifest.files.film, [clip.film for clip in clips]),
        (manifest.files.clean, [clip.clean or "" for clip in clips]),
    ):
        cut = [picture for name in names for picture in pictures(folder / "clips" / SCENE / name)]
        assert cut == pictures(folder / "films" / SCENE / str(whole))
        lasting = [probe(folder / "clips" / SCENE / name).seconds for name in names]
        assert lasting == pytest.approx([clip.seconds for clip in clips], abs=1 / manifest.fps)
    captioned, clean = (pictures(folder / "clips" / SCENE / name)[-1] for name in ("02-last.mp4", "02-last-clean.mp4"))
    assert captioned != clean


def pictures(path: Path) -> list[str]:
    """A digest of each picture of a film."""
    with av.open(str(path)) as video:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in video.decode(video=0)]


def test_both_versions_have_one_clock_though_their_beats_overflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.delivered.SECONDS", 0.3)
    scene = load_scene(scene_file(tmp_path))
    told, clean = (played(scene, Settings(config=AttentionConfig(), captions=captions)).told for captions in (True, False))
    assert told == clean
    assert told[-1].start > 2 * 0.3


def test_clips_have_chapters_captions_and_a_licence(place: Path) -> None:
    folder = place / "out" / "clips" / SCENE
    assert [title for _, title in container.chapters(folder / "01-first.mp4")] == ["First", "Question"]
    for name in ("01-first.mp4", "01-first-clean.mp4"):
        with av.open(str(folder / name)) as clip:
            assert clip.metadata["title"] == "Three colours & a <question>: First, Question"
            assert "CC BY 4.0" in clip.metadata["copyright"]
            assert "0123456789abcdef" in clip.metadata["comment"]
    assert [cue.text for cue in webvtt.read(str(folder / "01-first.vtt")).captions] == ["The first is green.", "Which is next?"]
    (last,) = webvtt.read(str(folder / "02-last.vtt")).captions
    assert (last.start_in_seconds, last.text) == (0, "The next is orange.")


def test_names_of_clips_keep_their_script() -> None:
    assert (slug("The rest, and m → ∞"), slug("Die Hürde"), slug("שאלה")) == ("the-rest-and-m", "die-hürde", "שאלה")


def test_a_film_without_a_clean_one_has_clips_without(place: Path, tmp_path: Path) -> None:
    source = place / "out" / "films" / SCENE
    manifest = read_manifest(source)
    only = msgspec.structs.replace(manifest, files=msgspec.structs.replace(manifest.files, clean=None, stills=()))
    clips = write_clips(source, only, tmp_path)
    assert within(tmp_path) == {clip.film for clip in clips} | {clip.vtt for clip in clips}
    assert [clip.poster for clip in clips] == [None, None]


# ------------------------------------------------------------------------------------------------------- one folder, one zip


def test_the_folder_has_all_of_it_and_lists_it(place: Path) -> None:
    folder = place / "out"
    there = within(folder)
    assert {name.split("/")[0] for name in there} == {
        "films", "clips", "slides", "player", "handout", "quiz", "captions", PAGE, README, LECTURE,
    }  # fmt: skip
    assert {
        f"slides/{SCENE}/index.html", f"slides/{SCENE}.pptx", f"slides/{SCENE}.pdf", "handout/handout.pdf", "handout/handout-key.pdf",
        "quiz/quiz-gift.txt", "quiz/quiz-qti.zip", "captions/english.toml", f"slides/{SCENE}/reveal/LICENSE",
    } <= there  # fmt: skip
    assert lecture(folder).sha256 == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in there - {LECTURE}}
    captions = read_catalogue(str(folder / "captions" / "english.toml"))
    english = {"first": "The first is {colour}.", "last": "The next is {colour}."}
    assert captions.captions == {SCENE: {name: (text, text) for name, text in english.items()}}
    text = (folder / README).read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert f"  {LECTURE}\n" in text
    for name in there - {README, LECTURE}:
        assert re.search(rf"^ *{re.escape(size((folder / name).stat().st_size))}  {re.escape(name)}$", text, re.MULTILINE), name
    assert (folder / "films" / SCENE / f"{SCENE}.png").stat().st_size <= POSTER_BYTES


def test_the_zip_is_the_folder_and_always_the_same(place: Path) -> None:
    folder = place / "out"
    packed = zip_of(folder)
    with ZipFile(packed) as opened:
        assert opened.testzip() is None
        entries = opened.infolist()
        assert [entry.filename for entry in entries] == sorted(f"out/{name}" for name in within(folder))
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert all(opened.read(f"out/{name}") == (folder / name).read_bytes() for name in within(folder))
    before = packed.read_bytes()
    packed.unlink()
    assert write_zip(folder).read_bytes() == before


def test_a_second_run_leaves_it_alone_and_a_damaged_one_is_made_anew(place: Path) -> None:
    folder = place / "out"
    before = [path.stat().st_ino for path in (folder, zip_of(folder))]
    assert make("out").exit_code == 0
    assert [path.stat().st_ino for path in (folder, zip_of(folder))] == before
    page = (folder / PAGE).read_bytes()
    (folder / PAGE).write_bytes(page[:100])
    assert make("out").exit_code == 0
    assert (folder / PAGE).read_bytes() == page
    packed = zip_of(folder).read_bytes()
    zip_of(folder).write_bytes(packed[:-30])
    assert make("out").exit_code == 0
    assert zip_of(folder).read_bytes() == packed
    assert sorted(path.name for path in place.iterdir() if path.name.startswith((".out", "out"))) == ["out", "out.zip"]


def test_what_no_lecture_has_written_is_not_replaced(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "thesis.tex").touch()
    shutil.copytree(place / "out", place / "added")
    (place / "added" / "clips" / "notes.txt").touch()
    (place / "file").touch()
    (place / "beside.zip").write_bytes(b"PK")
    for out, said in (("mine", "got thesis.tex"), ("added", "got clips/notes.txt"), ("file", "is a file"), ("beside", "beside.zip")):
        refused = make(out)
        assert (refused.exit_code, refused.stderr.count("\n"), said in refused.stderr) == (2, 1, True), refused.stderr
    assert (place / "mine" / "thesis.tex").exists()
    assert (place / "added" / "clips" / "notes.txt").exists()
    assert not (place / "beside").exists()


def test_nothing_is_left_of_a_lecture_that_fails(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flashviz.delivery.lecture_page.index_page", full)
    refused = make("other")
    assert (refused.exit_code, "No space left on device" in refused.stderr) == (1, True), refused.stderr
    assert not list(place.glob("*other*"))


def test_without_python_pptx_the_lecture_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "missing", lambda: [command.NO_PPTX])
    made = make("plain")
    assert (made.exit_code, command.NO_PPTX in made.stderr) == (0, True), made.stderr
    assert not list((place / "plain").rglob("*.pptx"))
    assert command.NO_PPTX in (place / "plain" / README).read_text(encoding="utf-8")


def test_command_says_what_it_refuses(tmp_path: Path) -> None:
    for options, said in (
        (["--scene", "DigestScen"], "no scene is called DigestScen"),
        (["--captions"], "leave out --captions and --no-captions"),
        (["--seq-k", "0"], "seq_k must be at least 1 for a quiz"),
    ):
        result = CliRunner().invoke(main, ["lecture", "--out", str(tmp_path / "out"), *options])
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------------------ the page


def test_the_page_links_files_that_are_there_and_describes_its_videos(place: Path) -> None:
    folder = place / "out"
    tags = Tags((folder / PAGE).read_text(encoding="utf-8")).found
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    linked = [value or "" for _, attributes in tags for key, value in attributes.items() if key in ("href", "src", "poster")]
    for link in linked:
        if not link.startswith(("https://creativecommons.org/", "data:,")):
            assert link[1:] in ids if link.startswith("#") else (folder / link).is_file(), link
    videos = [attributes for tag, attributes in tags if tag == "video"]
    assert len(videos) == 1 + 2
    assert all(video["aria-label"] and video["poster"] and "autoplay" not in video for video in videos)
    assert [attributes["kind"] for tag, attributes in tags if tag == "track"] == ["captions"] * 3
    assert tags[0] == ("html", {"lang": "en"})
    unlinked = {name for name in within(folder) if name.split("/")[0] in ("clips", "player", "handout", "quiz", "captions")} - set(linked)
    assert not unlinked


CLIP = """async name => {
    const clip = [...document.querySelectorAll('video')].find(video => video.querySelector('source').src.endsWith(name));
    clip.muted = true;
    clip.play();
    for (let tries = 0; clip.currentTime < 1.5; tries++) {
        if (tries === 100) throw new Error(`${name} stands at ${clip.currentTime} s, ready ${clip.readyState}`);
        await new Promise(done => setTimeout(done, 50));
    }
    clip.pause();
    clip.controls = false;
    clip.style = 'position: fixed; inset: 0; width: 100vw; height: 100vh; z-index: 1';
    return clip.duration;
}"""


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_from_a_disk_wide_and_narrow_and_asks_nobody(place: Path, tmp_path: Path, scheme: str) -> None:
    page_file = place / "out" / PAGE
    asked: list[str] = []
    with browser_page(color_scheme=scheme) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(page_file.as_uri())
        for summary in page.locator("summary").all():
            summary.click()
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{overflow} pixels wider than {width}"
            found = Axe().run(page)
            assert not found.violations_count, found.generate_report()
        page.set_viewport_size({"width": 854, "height": 480})
        assert page.evaluate(CLIP, "02-last.mp4") == pytest.approx(10, abs=0.1)
        assert comes(page, tmp_path / "shot.png", COLOURS["last"])
    assert all(url.startswith((page_file.parent.as_uri(), "data:")) for url in asked), asked


# ----------------------------------------------------------------------------------------------------- the plans of the docs


def table(head: str) -> list[list[str]]:
    """Rows of every table of the page whose head begins so."""
    tables = re.findall(rf"^\| {re.escape(head)} .*\n\|[-|]+\n((?:\|.*\n)+)", PAGE_TEXT, re.MULTILINE)
    assert tables, head
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for found in tables for row in found.strip().split("\n")]


def clips_of(name: str) -> dict[str, tuple[Told, ...]]:
    """Clips of a film by their names, from the film as it is told."""
    found = runs(film(name, film=(("source", "triton"),)).scene.told)
    return {f"{number:02}-{slug(run[0].title)}": run for number, run in enumerate(found, 1)}


def test_the_page_names_the_clips_of_the_film() -> None:
    rows = table("clip | seconds")
    clips = clips_of("FlashAttentionScene")
    assert [(name.strip("`"), int(seconds), titles) for name, seconds, titles in rows] == [
        (name, round(sum(beat.seconds for beat in run)), titled(run)) for name, run in clips.items()
    ]


def test_the_page_has_the_questions_as_the_slides_ask_and_answer_them() -> None:
    rows = [tuple(row) for row in table("clip | the film asks")]
    clips, notes = clips_of("FlashAttentionScene"), notes_of("FlashAttentionScene")
    told = film("FlashAttentionScene", film=(("source", "triton"),)).scene.told
    expected = []
    for name, run in clips.items():
        for beat in run:
            if beat.pause:
                after = told[told.index(beat) + 1].caption
                assert beat is run[-1], "a question ends its clip"
                expected.append((f"`{name}`", beat.caption, notes[beat.name].answer or after, notes[beat.name].mistake))
    assert rows == expected


@pytest.mark.parametrize("minutes", [10, 25, 50])
def test_a_plan_keeps_its_time_and_its_films_theirs(minutes: int) -> None:
    section = PAGE_TEXT[PAGE_TEXT.index(f"## {minutes} minutes") :].split("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| \d+ .*$", section, re.MULTILINE)]
    assert sum(int(row[0]) for row in rows) == minutes
    clips = clips_of("FlashAttentionScene")
    for planned, show, seconds, _ in rows:
        names = re.findall(r"`([\w-]+)`", show)
        assert bool(names) == (show != "-") == (seconds != "-"), show
        if names:
            lasts = sum(sum(beat.seconds for beat in clips[name]) if name in clips else seconds_of(name) for name in names)
            assert round(lasts) == int(seconds), show
            assert lasts <= 60 * int(planned), show


def seconds_of(scene: str) -> float:
    """Of a film that is shown whole: the digest as it is told, a chapter as its page says, which is tested against the chapter."""
    if scene == "DigestScene":
        return float(sum(beat.seconds for beat in film(scene).scene.told))
    (said,) = re.findall(rf"^\| `{scene}` \| (\d+) \|", CHAPTERS, re.MULTILINE)
    return float(said)
