"""Blind tests: sheets that tell nothing, and the counting of answers, on a few small tiles."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "blind_test.py"
# Source and class of four tiles; number 4 is the only photograph.
TILES = [("gan", "cat"), ("gan", "dog"), ("gan", "ship"), ("photographs", "frog")]


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    specification = importlib.util.spec_from_file_location("blind_test", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    yield module
    sys.modules.pop("blind_scores", None)


@pytest.fixture
def sources(tmp_path):
    """Two sources of 40 images each; every image is of one color, its own."""
    paths = {}
    for start, name in ((0, "photographs"), (100, "gan")):
        images = np.zeros((40, 8, 8, 3), np.uint8)
        images += np.arange(start, start + 40, dtype=np.uint8)[:, None, None, None]
        paths[name] = tmp_path / f"{name}.npz"
        np.savez(paths[name], images=images, labels=np.arange(40) % 10)
    return paths


@pytest.fixture
def make(script, sources, tmp_path):
    def run(folder="test", *options, **changed):
        named = [f"--source={name}={path}" for name, path in {**sources, **changed}.items()]
        return script.main(["make", str(tmp_path / folder), *named, *options])

    return run


@pytest.fixture
def score(script, tmp_path):
    """Score the texts of readers' tables against the key of TILES; return status and results."""
    key = {str(number): {"source": s, "class": c} for number, (s, c) in enumerate(TILES, 1)}
    (tmp_path / "key.json").write_text(json.dumps({"tiles": key}), encoding="utf-8")

    def run(names=(), photographs=()):
        command = ["score", str(tmp_path / "key.json"), "--json", str(tmp_path / "out.json")]
        for table, texts in (("names", names), ("photographs", photographs)):
            paths = [tmp_path / f"{table}_{number}.csv" for number in range(len(texts))]
            for path, text in zip(paths, texts, strict=True):
                path.write_text(text, encoding="utf-8")
            command += [f"--{table}", *map(str, paths)] if paths else []
        if script.main(command):
            return None
        return json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))

    return run


def table(*answers):
    lines = (f"{number},{answer}\n" for number, answer in enumerate(answers, 1))
    return "number,answer\n" + "".join(lines)


def files_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_one_seed_gives_the_same_files_and_another_does_not(make, tmp_path):
    assert make("a", "--tiles=35") == make("b", "--tiles=35") == 0
    assert make("c", "--tiles=35", "--seed=1") == 0
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    first, other = (json.loads((tmp_path / n / "key.json").read_text("utf-8")) for n in "ac")
    assert first["tiles"] != other["tiles"]
    assert (first["seed"], other["seed"]) == (0, 1)


def test_readers_see_sheets_questions_and_empty_tables_but_no_source(make, tmp_path):
    assert make("test", "--tiles=35") == 0
    assert [path.name for path in (tmp_path / "test").glob("*.json")] == ["key.json"]
    files = {path.name: path for path in (tmp_path / "test" / "for_readers").iterdir()}
    assert set(files) == {
        "answers_names.csv",
        "answers_photographs.csv",
        "questions.txt",
        "sheet_01.png",
        "sheet_02.png",
    }
    assert all(b"gan" not in files[name].read_bytes() for name in files if name[-3:] != "png")
    for name in ("sheet_01.png", "sheet_02.png"):
        with Image.open(files[name]) as sheet:
            assert not sheet.info
    for name in ("answers_names.csv", "answers_photographs.csv"):
        assert files[name].read_text("utf-8") == table(*[""] * 70)


def test_the_key_says_which_image_each_tile_is(script, make, sources, tmp_path):
    assert make("test", "--tiles=35") == 0
    key = json.loads((tmp_path / "test" / "key.json").read_text("utf-8"))
    assert list(key["tiles"]) == [str(number) for number in range(1, 71)]
    origins = [(tile["source"], tile["index"]) for tile in key["tiles"].values()]
    assert len(set(origins)) == 70
    names = [source for source, _ in origins]
    assert names.count("gan") == names.count("photographs") == 35
    assert len(set(names[:35])) == 2, "the sources are mixed"
    digests = {name: script.file_sha256(path) for name, path in sources.items()}
    assert {name: source["sha256"] for name, source in key["sources"].items()} == digests

    sheets = [
        np.asarray(Image.open(path).convert("RGB"))
        for path in sorted((tmp_path / "test" / "for_readers").glob("*.png"))
    ]
    across, down = script.TILE + script.GAP, script.TILE + script.NUMBER + script.GAP
    for position, tile in enumerate(key["tiles"].values()):
        sheet, place = divmod(position, 60)
        row, column = divmod(place, 10)
        top, left = script.GAP + script.NUMBER + row * down, script.GAP + column * across
        shown = sheets[sheet][top : top + script.TILE, left : left + script.TILE]
        assert (shown == tile["index"] + (100 if tile["source"] == "gan" else 0)).all()
        assert tile["class"] == script.CIFAR10_CLASSES[tile["index"] % 10]


def test_classes_are_drawn_evenly_while_they_last(script):
    labels = np.repeat([0, 3, 7], [50, 2, 50])
    drawn = script.draw(labels, 20, np.random.default_rng(0))
    assert np.bincount(labels[drawn])[[0, 3, 7]].tolist() == [9, 2, 9]
    assert len(set(drawn.tolist())) == 20


def test_few_tiles_are_noted(make, capsys):
    assert make("test", "--tiles=10") == 0
    assert "fewer than 60 tiles" in capsys.readouterr().out


GOOD = {"images": np.zeros((40, 8, 8, 3), np.uint8), "labels": np.zeros(40, int)}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((9, 8, 8, 3), np.uint8), "labels": np.zeros(9, int)}, "9 images"),
        ({"images": np.zeros((40, 9, 8, 3), np.uint8)}, "must have one size"),
        ({"images": np.zeros((40, 8, 8, 3))}, "must be uint8"),
        ({"images": np.zeros((40, 8, 8), np.uint8)}, "must be uint8"),
        ({"labels": np.zeros(40)}, "one whole number"),
        ({"labels": np.zeros(39, int)}, "one whole number"),
        ({"labels": np.full(40, 10)}, "between -1 and 9"),
    ],
)
def test_a_source_that_does_not_fit_is_refused(make, tmp_path, capsys, arrays, message):
    np.savez(tmp_path / "bad.npz", **{**GOOD, **arrays})
    assert make("test", "--tiles=20", bad=tmp_path / "bad.npz") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "test").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--source=gan={gan}", "Two sources are named gan"),
        ("--source=new=missing.npz", "no file missing.npz for the source new"),
        ("--source=new", "must be NAME=FILE.npz"),
        ("--tiles=0", "at least 1"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(make, sources, capsys, option, message):
    assert make("test", option.format(**sources)) == 1
    assert message in capsys.readouterr().err


def test_a_folder_with_files_is_left_alone(make, tmp_path, capsys):
    (tmp_path / "test").mkdir()
    assert make("test", "--tiles=5") == 0
    before = files_of(tmp_path / "test")
    assert make("test", "--tiles=5", "--seed=1") == 1
    assert "not an empty folder" in capsys.readouterr().err
    assert files_of(tmp_path / "test") == before


def test_shares_and_means_are_those_counted_by_hand(score, capsys):
    found = score(
        names=[table("cat", "none", "ship", "frog"), table("cat", "cat", "dog", "frog")],
        photographs=[table(0, 50, 60, 100), table(30, 51, 100, 80)],
    )
    named = found["names"]["sources"]["gan"]
    assert named["readers"] == pytest.approx([2 / 3, 1 / 3])
    assert named["share"] == pytest.approx(1 / 2)
    assert found["names"]["sources"]["photographs"]["share"] == 1
    assert found["names"]["agreement"] == 0.5
    taken = found["photographs"]["sources"]["gan"]
    assert taken["readers"] == pytest.approx([1 / 3, 2 / 3]), "50 itself is not above 50"
    assert taken["share"] == pytest.approx(1 / 2)
    assert taken["mean_score"] == pytest.approx((0 + 50 + 60 + 30 + 51 + 100) / 6)
    expected = np.corrcoef([0, 50, 60, 100], [30, 51, 100, 80])[0, 1]
    assert found["photographs"]["agreement"] == pytest.approx(expected)
    rows = [line.split(" | ")[0].strip() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:4] == ["source", "photographs", "gan"]


def test_where_no_class_was_meant_any_name_counts(script, make, tmp_path):
    np.savez(tmp_path / "free.npz", **{**GOOD, "labels": np.full(40, -1)})
    assert make("test", "--tiles=2", gan=tmp_path / "free.npz") == 0
    key = script.blind_scores.read_key(tmp_path / "test" / "key.json")
    own = [number for number, tile in key.items() if tile["source"] == "gan"]
    assert {key[number]["class"] for number in own} == {"any"}
    answers = {number: "none" for number in key} | {own[0]: "cat"}
    text = "".join(f"{number},{answer}\n" for number, answer in answers.items())
    (tmp_path / "names.csv").write_text(text, encoding="utf-8")
    found = script.blind_scores.score_names(key, [tmp_path / "names.csv"])
    assert found["sources"]["gan"]["share"] == pytest.approx(1 / 2)
    assert found["sources"]["photographs"]["share"] == 0


def test_either_question_may_be_left_out(score, capsys):
    assert set(score(names=[table("cat", "dog", "ship", "frog")])) == {"names"}
    found = score(photographs=[table(1, 2, 3, 4)])
    assert set(found) == {"photographs"}
    assert found["photographs"]["agreement"] is None, "one reader agrees with nobody"
    assert "upper limit" in capsys.readouterr().out
    assert score() is None
    assert "nothing to score" in capsys.readouterr().err


def test_a_reader_who_gives_one_score_has_no_correlation(score):
    found = score(photographs=[table(*[50] * 4), table(1, 2, 3, 4)])
    assert found["photographs"]["agreement"] is None


def test_blank_lines_cases_spaces_and_orders_are_forgiven(score):
    text = "\ufeffNumber, Answer\n\n 4 , Frog\n2,DOG \n,\n1,cat\n3,ship\n\n"
    assert score(names=[text])["names"]["sources"]["gan"]["share"] == 1


@pytest.mark.parametrize(
    ("question", "text", "message"),
    [
        ("names", "number,answer\n1,cat\n5,dog\n", "names_0.csv, line 3: there is no tile '5'"),
        ("names", "one,cat\n", "line 1: there is no tile 'one'"),
        ("names", "1,cat\n\n2,car\n", "line 3: 'car' is none of airplane"),
        ("names", "1,cat\n2,\n", "line 2: tile 2 has no answer"),
        ("names", "1,cat\n2,dog\n1,cat\n", "line 3: tile 1 has two answers"),
        ("names", "1;cat\n", "line 1: there must be a number, a comma and an answer"),
        ("names", "1,cat\n4,dog\n", "names_0.csv has no answer for 2, 3"),
        ("photographs", "1,101\n", "photographs_0.csv, line 1: '101' is no number"),
        ("photographs", "1,-1\n", "'-1' is no number"),
        ("photographs", "1,nan\n", "'nan' is no number"),
        ("photographs", "1,cat\n", "'cat' is no number"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(score, capsys, question, text, message):
    assert score(**{question: [text]}) is None
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tiles": {}}', '{"tiles": {"1": {}}}'])
def test_a_file_that_is_no_key_is_refused(score, script, tmp_path, capsys, text):
    (tmp_path / "key.json").write_text(text, encoding="utf-8")
    assert score(names=[table("cat")]) is None
    assert "is no key" in capsys.readouterr().err


@pytest.mark.parametrize("right", [0, 1, 7, 30])
def test_the_interval_of_one_readers_share_is_wilsons(script, right):
    judged = np.arange(30)[None] < right
    expected = stats.binomtest(right, 30).proportion_ci(method="wilson")
    assert script.blind_scores.share_interval(judged) == pytest.approx(
        [expected.low, expected.high]
    )


def test_intervals_hold_their_share_and_narrow_with_more_tiles_and_readers(script):
    generator = np.random.default_rng(0)

    def width(readers, tiles):
        judged = generator.random((readers, tiles)) < 0.3
        low, high = script.blind_scores.share_interval(judged)
        assert low <= judged.mean() <= high
        return high - low

    assert width(1, 2000) < width(1, 500) < width(1, 60) < 0.3
    assert width(4, 500) < width(1, 500)

    def mean_width(tiles):
        scores = generator.uniform(0, 100, tiles)
        low, high = script.blind_scores.mean_interval(scores)
        assert low < scores.mean() < high
        return high - low

    assert mean_width(500) < mean_width(60) < 30


def test_readers_who_copy_each_other_do_not_narrow_the_interval(script):
    judged = np.arange(60)[None] < 20
    copies = np.repeat(judged, 5, axis=0)
    interval = script.blind_scores.share_interval
    assert interval(copies) == pytest.approx(interval(judged))


@pytest.mark.parametrize("value", [0, 40, 100])
def test_tiles_that_are_all_alike_are_not_certainty(script, value):
    low, high = script.blind_scores.mean_interval(np.full(60, float(value)))
    assert 0 <= low <= value <= high <= 100
    assert 3 < high - low < 30
