"""The quiz: answers computed again from the definitions, wrong ones that are wrong, files read back as learning platforms read them."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.cli.films import find_scenes, load_scene
from flashviz.config import SHARED_LIMIT, AttentionConfig
from flashviz.delivery.quiz import Answer, Question, write_quiz
from flashviz.delivery.quiz.gift import gift
from flashviz.delivery.quiz.qti import package
from flashviz.delivery.quiz.question import choices
from flashviz.delivery.quiz.questions import BOOK, COMPUTED, Case, make_questions
from flashviz.errors import ConfigError, UsageError
from flashviz.inputs import make_inputs
from flashviz_kernels.recorder import run
from tests.strategies import configs

DEFAULT = AttentionConfig()
ALWAYS = {
    "loop-order",
    "traffic-of-o",
    "on-chip-memory",
    "place-of-scores",
    "writes",
    "ratio",
    "shared-heads",
}  # wherever there is more than one tile


@pytest.fixture(scope="module")
def quiz() -> dict[str, Question]:
    return {question.name: question for question in make_questions(DEFAULT, run)}


# ------------------------------------------------------------------------------------------------- closed forms, without any trace


def visited(c: AttentionConfig) -> list[tuple[range, range]]:
    """Rows and keys of each tile of which some query sees some key, by looking at every pair of query and key."""
    tiles = []
    for r0 in range(0, c.seq_q, c.block_m):
        for c0 in range(0, c.seq_k, c.block_n):
            rows, keys = range(r0, min(r0 + c.block_m, c.seq_q)), range(c0, min(c0 + c.block_n, c.seq_k))
            if not c.causal or any(key <= row + c.seq_k - c.seq_q for row in rows for key in keys):
                tiles.append((rows, keys))
    return tiles


def flash_bytes(c: AttentionConfig) -> int:
    """FlashAttention-2, one head: Q, O, LSE once; K and V of each visited tile."""
    row = c.head_dim * c.itemsize
    return 2 * c.seq_q * row + 4 * c.seq_q + sum(2 * len(keys) * row for _, keys in visited(c))


def standard_bytes(c: AttentionConfig) -> int:
    """Q and O once, K and V once a row block, S and P out and back."""
    row = c.head_dim * c.itemsize
    return 2 * c.seq_q * row + math.ceil(c.seq_q / c.block_m) * 2 * c.seq_k * row + 4 * c.seq_q * c.seq_k * c.itemsize


def right_answers(c: AttentionConfig) -> dict[str, str]:
    """By formula and by looking at every pair of query and key; alpha and denominator are tested apart."""
    one = replace(c, batch=1, heads=1, kv_heads=1)
    row, tiles = c.head_dim * c.itemsize, visited(one)
    grid = math.ceil(c.seq_q / c.block_m) * math.ceil(c.seq_k / c.block_n)
    heads = c.heads if c.heads > c.kv_heads else 8
    long = replace(one, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k)
    return {
        "loop-order": f"{sum(keys.start == 0 for _, keys in tiles):,}",
        "traffic-of-o": f"{(c.seq_q + 2 * sum(len(rows) for rows, _ in tiles)) * row:,} B",
        "on-chip-memory": f"{math.ceil(SHARED_LIMIT[c.arch] // c.itemsize / (4 * c.head_dim)):,}",
        "place-of-scores": f"in registers, {c.block_m * c.block_n * 4:,} B",
        "row-statistics": f"{math.ceil(c.seq_k / c.block_n):,}",
        "recompute": f"{len(tiles):,}",
        "backward-products": f"{5 * len(tiles):,}",
        "skipped": f"{grid - len(visited(replace(one, causal=True))):,}",
        "blind": f"{c.seq_k:,}; O = 0 and LSE = −∞",
        "writes": f"{c.seq_q * row + 4 * c.seq_q:,} B",
        "ratio": f"{standard_bytes(one) / flash_bytes(one):,.2f} times",
        "doubled": f"{flash_bytes(long) / flash_bytes(one):,.2f} times",
        "shared-heads": f"{heads * sum(2 * len(keys) * row for _, keys in tiles):,} B",
    }


@settings(max_examples=60)
@given(config=configs().filter(lambda c: c.seq_k > 0))
def test_right_answers_are_right_and_wrong_ones_differ(config: AttentionConfig) -> None:
    questions, closed = make_questions(config, run), right_answers(config)
    for question in questions:
        texts = [answer.text for answer in question.answers]
        assert len(set(texts)) == len(texts) >= 3
        assert [answer.text for answer in question.answers if answer.right] == [question.right.text]
        if question.name in closed:
            assert question.right.text == closed[question.name]
        else:
            checks_by_its_own_digits(question)
    assert {question.name for question in questions} <= set(COMPUTED)


def figures(text: str) -> list[float]:
    return [float(found.replace("−", "-").replace(",", "")) for found in re.findall(r"−?[\d,]*\d(?:\.\d+)?(?:e[−+]?\d+)?", text)]


def checks_by_its_own_digits(question: Question) -> None:
    """alpha and denominator give all that is needed."""
    (answer,) = figures(question.right.text)
    if question.name == "alpha":
        m_old, m_new = figures(question.text.partition("rises from")[2])[:2]
        assert abs(math.exp(m_old - m_new) - answer) <= 0.002
        assert 0 < answer < 1
    else:
        l_old, alpha, l_added = figures(question.text)
        assert abs(l_old * alpha + l_added - answer) <= 0.0005 * l_old + 0.02


def test_alpha_and_denominator_are_those_of_float64_attention(quiz: dict[str, Question]) -> None:
    """Some row of the whole matrix of scores has just these maxima and sums, tile by tile."""
    q, k, _ = (array[0, 0].astype(np.float64) for array in make_inputs(DEFAULT))
    scores = (q @ k.T * DEFAULT.scale).reshape(512, 8, 64)
    m = np.maximum.accumulate(scores.max(axis=2), axis=1)  # [N_q, T_c]
    m_old, m_new = figures(quiz["alpha"].text.partition("rises from")[2])[:2]
    (row,), (tile,) = np.nonzero((np.abs(m[:, :-1] - m_old) < 0.0006) & (np.abs(m[:, 1:] - m_new) < 0.0006))
    (alpha,) = figures(quiz["alpha"].right.text)
    assert abs(math.exp(m[row, tile] - m[row, tile + 1]) - alpha) <= 0.0006
    l_old, _, l_added = figures(quiz["denominator"].text)
    (l_new,) = figures(quiz["denominator"].right.text)
    assert np.exp(scores[row, : tile + 1] - m[row, tile]).sum() == pytest.approx(l_old, abs=0.006)
    assert np.exp(scores[row, tile + 1] - m[row, tile + 1]).sum() == pytest.approx(l_added, abs=0.006)
    assert np.exp(scores[row, : tile + 2] - m[row, tile + 1]).sum() == pytest.approx(l_new, abs=0.006)


def test_the_default_film_has_every_question_and_every_point(quiz: dict[str, Question]) -> None:
    assert list(quiz) == [words.name for words in BOOK.questions]
    assert set(quiz) == set(COMPUTED)
    assert 10 <= len(quiz) <= 15
    assert {words.point for words in BOOK.questions} == set(range(1, 11))
    assert all(len(question.answers) == 4 for question in quiz.values())
    assert len({[answer.right for answer in question.answers].index(True) for question in quiz.values()}) == 4  # it stands everywhere


def with_several_tiles(config: AttentionConfig) -> AttentionConfig:
    return replace(config, causal=False, seq_q=max(config.seq_q, config.block_m + 1), seq_k=max(config.seq_k, config.block_n + 1))


@given(config=configs().map(with_several_tiles))
@settings(max_examples=20)
def test_with_several_tiles_most_questions_stay(config: AttentionConfig) -> None:
    assert {question.name for question in make_questions(config, run)} >= ALWAYS


def test_feedback_names_a_scene_that_is_there(quiz: dict[str, Question]) -> None:
    for name, subject in BOOK.scenes.items():
        (source,) = find_scenes((name,))
        assert load_scene(source).subject == subject
    assert {words.scene for words in BOOK.questions} == set(BOOK.scenes)
    for words in BOOK.questions:
        for answer in quiz[words.name].answers:
            assert answer.feedback.endswith(f"Shown in “{BOOK.scenes[words.scene]}” ({words.scene}).")
            assert answer.feedback.startswith("Yes. " if answer.right else "No. ")
            assert "{" not in answer.feedback + answer.text + quiz[words.name].text


def test_a_row_that_does_not_rise_is_not_asked_about() -> None:
    assert Case(replace(DEFAULT, seq_q=64, seq_k=64), run).risen is None
    names = {question.name for question in make_questions(replace(DEFAULT, seq_q=64, seq_k=64), run)}
    assert not names & {"alpha", "denominator", "row-statistics"}


@given(
    texts=st.lists(st.sampled_from("abcd"), max_size=6),
    right=st.sampled_from("abcd"),
    place=st.integers(0, 2**32),
)
def test_choices_read_differently_and_the_first_of_a_kind_stays(texts: list[str], right: str, place: int) -> None:
    wrong = [Answer(text, str(index)) for index, text in enumerate(texts)]
    found = choices(Answer(right, "yes", right=True), wrong, place)
    assert [answer.text for answer in found if not answer.right] == list(dict.fromkeys(text for text in texts if text != right))
    assert [answer.feedback for answer in found if answer.right] == ["yes"]
    assert all(answer.feedback == str(texts.index(answer.text)) for answer in found if not answer.right)
    assert found[place % len(found)].right


# --------------------------------------------------------------------------------------------------------------- GIFT, read back


ESCAPES = {r"\:": "\ue03a", r"\#": "\ue023", r"\=": "\ue03d", r"\{": "\ue07b", r"\}": "\ue07d", r"\~": "\ue07e", r"\n": "\ue00a"}


def as_moodle_reads(text: str) -> Iterator[Question]:
    """The steps of Moodle's question/format/gift/format.php: escapes become placeholders, and only then signs are looked for."""
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in map(str.strip, block.split("\n")) if not line.startswith("//")]
        source = "\n".join(lines).strip().replace(r"\\", "\ue05c")
        for escape, placeholder in ESCAPES.items():
            source = source.replace(escape, placeholder)
        if not source or source.startswith("$CATEGORY:"):
            continue
        name, _, rest = source.removeprefix("::").partition("::")
        body, _, rest = rest.partition("{")
        inside, _, after = rest.partition("}")
        assert not after
        answers = []
        for choice in filter(None, (part.strip() for part in inside.replace("=", "~=").split("~"))):
            said, _, feedback = choice.removeprefix("=").partition("#")
            answers.append(Answer(plain(said), plain(feedback), right=choice.startswith("=")))
        yield Question(plain(name), plain(body.strip().removeprefix("[plain]")), tuple(answers))


def plain(text: str) -> str:
    """Placeholders as the signs that they stand for."""
    for escape, placeholder in ESCAPES.items():
        text = text.strip().replace(placeholder, "\n" if escape == r"\n" else escape[1:])
    return text.replace("\ue05c", "\\")


def test_moodle_reads_the_gift(quiz: dict[str, Question]) -> None:
    assert list(as_moodle_reads(gift(list(quiz.values())))) == list(quiz.values())


SIGNS = "ab1 ~=#{}:\\\n%[]/$<>&\"'×−ℓ"
TEXT = st.text(SIGNS, min_size=1, max_size=30).map(lambda text: f"a{text}z")  # what begins with [ or % means something to Moodle


@st.composite
def any_questions(draw: st.DrawFn) -> list[Question]:
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), min_size=1, max_size=4, unique=True))
    answers = st.lists(st.builds(Answer, text=TEXT, feedback=TEXT), min_size=2, max_size=4)
    found = []
    for name in names:
        wrong = draw(answers)
        found.append(Question(name, draw(TEXT), (*wrong, Answer(draw(TEXT), draw(TEXT), right=True))))
    return found


@given(questions=any_questions())
def test_any_text_survives_gift(questions: list[Question]) -> None:
    assert list(as_moodle_reads(gift(questions))) == questions


# ---------------------------------------------------------------------------------------------------------------- QTI, read back

QTI = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
PACKAGE = "{http://www.imsglobal.org/xsd/imscp_v1p1}"


def as_a_platform_reads(archive: bytes) -> Iterator[Question]:
    """From the manifest to the test, from the test to its items, in order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        manifest = ET.fromstring(files.read("imsmanifest.xml"))
        resources = {one.get("identifier"): one for one in manifest.iterfind(f".//{PACKAGE}resource")}
        listed = [file.get("href") for one in resources.values() for file in one.iterfind(f"{PACKAGE}file")]
        assert sorted(filter(None, listed)) == sorted(set(files.namelist()) - {"imsmanifest.xml"})
        (whole,) = (one for one in resources.values() if one.get("type") == "imsqti_test_xmlv2p1")
        needed = [resources[one.get("identifierref")].get("href") for one in whole.iterfind(f"{PACKAGE}dependency")]
        test = ET.fromstring(files.read(whole.get("href", "")))
        held = [(one.get("identifier", ""), one.get("href", "")) for one in test.iterfind(f".//{QTI}assessmentItemRef")]
        assert [href for _, href in held] == needed
        for name, href in held:
            item = ET.fromstring(files.read(href))
            assert item.get("identifier") == name
            yield question_of(item)


def question_of(item: ET.Element) -> Question:
    """An item as it would be answered with each of its choices in turn."""
    feedback = {one.get("identifier"): one.text or "" for one in item.iterfind(f"{QTI}modalFeedback")}
    (choice,) = item.iterfind(f".//{QTI}choiceInteraction")
    assert (choice.get("shuffle"), choice.get("maxChoices"), choice.get("responseIdentifier")) == ("true", "1", "RESPONSE")
    answers = []
    for one in choice.iterfind(f"{QTI}simpleChoice"):
        outcome = respond(item, one.get("identifier", ""))
        answers.append(Answer(one.text or "", feedback[outcome["FEEDBACK"]], right=outcome["SCORE"] == "1"))
    assert len(feedback) == len(answers)
    return Question(item.get("identifier", ""), choice.findtext(f"{QTI}prompt", ""), tuple(answers))


def respond(item: ET.Element, response: str) -> dict[str, str]:
    """Response processing, as far as items use it."""
    correct = item.findtext(f"{QTI}responseDeclaration/{QTI}correctResponse/{QTI}value")
    known = {"RESPONSE": response}
    outcome: dict[str, str] = {}

    def act(rules: Iterable[ET.Element]) -> None:
        for rule in rules:
            if rule.tag == f"{QTI}responseCondition":
                met, other = rule
                assert [part.tag for part in met[0]] == [f"{QTI}variable", f"{QTI}correct"]
                act(met[1:] if known[met[0][0].get("identifier", "")] == correct else other)
            else:
                assert rule.tag == f"{QTI}setOutcomeValue"
                (value,) = rule
                outcome[rule.get("identifier", "")] = (
                    known[value.get("identifier", "")] if value.tag == f"{QTI}variable" else value.text or ""
                )

    processing = item.find(f"{QTI}responseProcessing")
    assert processing is not None
    act(processing)
    return outcome


@given(questions=any_questions())
def test_any_text_survives_qti(questions: list[Question]) -> None:
    assert list(as_a_platform_reads(package(questions))) == questions


def test_the_same_questions_give_the_same_files(quiz: dict[str, Question], tmp_path: Path) -> None:
    once, again = (write_quiz(list(quiz.values()), tmp_path / name) for name in ("once", "again"))
    assert [file.name for file in once] == ["quiz-gift.txt", "quiz-qti.zip"]
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
    assert list(as_a_platform_reads(once[1].read_bytes())) == list(quiz.values())


# ------------------------------------------------------------------------------------------------------------ what is refused, and said


def test_what_cannot_be_written_is_said(quiz: dict[str, Question], tmp_path: Path) -> None:
    question = quiz["alpha"]
    with pytest.raises(UsageError, match="expected questions of different names, got alpha, alpha"):
        write_quiz([question, question], tmp_path)
    with pytest.raises(UsageError, match="got none"):
        write_quiz([], tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"choose another$"):
        write_quiz([question], tmp_path / "file")
    with pytest.raises(ConfigError, match="seq_k must be at least 1 for a quiz"):
        make_questions(replace(DEFAULT, seq_k=0), run)


def test_the_command_writes_both_and_says_what_it_left_out(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["quiz", "--out", str(tmp_path), "--seq-len", "64", "--head-dim", "32"])
    assert result.exit_code == 0, result.stderr
    assert [Path(line).name for line in result.stdout.splitlines()] == ["quiz-gift.txt", "quiz-qti.zip"]
    left = result.stderr.partition("left out")[2].partition(": ")[2].split(", ")
    asked = [question.name for question in as_a_platform_reads((tmp_path / "quiz-qti.zip").read_bytes())]
    assert {"alpha", "row-statistics"} <= {name.strip() for name in left}
    assert sorted(asked + [name.strip() for name in left]) == sorted(COMPUTED)
