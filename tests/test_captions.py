from gan_helpers import captions
from gan_helpers.captions import COLOURS, VOCABULARY, caption_digits, encode, paint_digits

import numpy as np
import pytest


@pytest.fixture
def digits():
    """Six black squares with a white bar each."""
    images = np.zeros((6, 32, 32, 1), np.uint8)
    images[:, 6:26, 12:18] = 255
    return images


def test_a_caption_becomes_the_numbers_of_its_words_and_back():
    codes = encode("a blue seven on yellow")
    assert codes.shape == (1, 5) and codes.dtype == np.int32
    assert [VOCABULARY[number] for number in codes[0]] == ["a", "blue", "seven", "on", "yellow"]
    several = ["a blue seven on yellow", "A red zero on Black"]
    assert captions.decode(encode(several)) == [text.lower() for text in several]


def test_order_is_kept():
    first, second = encode(["a blue one on red", "a red one on blue"])
    assert sorted(first) == sorted(second) and not np.array_equal(first, second)


def test_an_unknown_word_is_refused_with_the_vocabulary():
    with pytest.raises(ValueError, match=r"'purple' in 'a purple one on red'.* black, white, blue"):
        encode("a purple one on red")


def test_a_caption_has_five_words():
    with pytest.raises(ValueError, match="has 4 words"):
        encode("a blue one on")


@pytest.mark.parametrize("codes", [[[0, 1, 2]], [[0, 1, 2, 3, 99]], [[0, 1, 2, 3, -1]], [0]])
def test_numbers_of_no_words_are_refused(codes):
    with pytest.raises(ValueError, match="codes"):
        captions.decode(np.array(codes))


def test_white_becomes_ink_black_becomes_paper_and_grey_a_mixture():
    image = np.array([0, 255, 51], np.uint8).reshape(1, 1, 3, 1)
    painted = paint_digits(image, "black", "white")
    assert painted.shape == (1, 1, 3, 3) and painted.dtype == np.uint8
    assert painted[0, 0, :, 0].tolist() == [255, 0, 204]
    assert paint_digits(image, ["blue"], ["red"])[0, 0, :2].tolist() == [
        list(COLOURS["red"]),
        list(COLOURS["blue"]),
    ]


def test_colours_must_exist_and_fit(digits):
    with pytest.raises(ValueError, match="no colour 'mauve'; there are 'black'"):
        paint_digits(digits, "mauve", "red")
    with pytest.raises(ValueError, match="2 colours for 6 images"):
        paint_digits(digits, ["red", "blue"], "black")


def test_images_must_be_uint8_digits(digits):
    with pytest.raises(TypeError, match="float64"):
        paint_digits(digits / 255, "red", "blue")
    with pytest.raises(ValueError, match="have shape"):
        paint_digits(np.repeat(digits, 3, axis=-1), "red", "blue")
    with pytest.raises(ValueError, match="have shape"):
        captions.read_images(digits)


def test_captions_tell_what_was_painted(digits):
    labels = np.array([3, 1, 4, 1, 5, 9])
    images, texts = caption_digits(digits, labels, seed=0)
    again, same = caption_digits(digits, labels, seed=0)
    assert np.array_equal(images, again) and texts == same
    assert caption_digits(digits, labels, seed=1)[1] != texts
    for image, text, label in zip(images, texts, labels, strict=True):
        _, ink, digit, _, paper = text.split()
        assert ink != paper and digit == captions.DIGITS[label]
        assert tuple(image[0, 0]) == COLOURS[paper] and tuple(image[16, 14]) == COLOURS[ink]
    with pytest.raises(ValueError, match="labels have shape"):
        caption_digits(digits, labels[:2], seed=0)


def test_all_pairs_of_colours_come_equally_often():
    digits = np.zeros((6000, 1, 1, 1), np.uint8)
    _, texts = caption_digits(digits, np.zeros(6000, int), seed=0)
    _, counts = np.unique(texts, return_counts=True)
    assert len(counts) == 30 and counts.min() > 140


@pytest.mark.parametrize("ink", COLOURS)
@pytest.mark.parametrize("paper", COLOURS)
def test_colours_and_digits_are_read_back(digits, ink, paper):
    if ink == paper:
        return
    noise = np.random.default_rng(0).integers(-12, 13, (6, 32, 32, 3))
    painted = (paint_digits(digits, ink, paper) + noise).clip(0, 255).astype(np.uint8)
    reading = captions.read_images(painted)
    assert set(reading.inks) == {ink} and set(reading.papers) == {paper}
    assert reading.digits.shape == digits.shape
    assert np.abs(reading.digits.astype(int) - digits).max() < 100


def test_a_uniform_image_has_no_digit(digits):
    reading = captions.read_images(np.full((1, 32, 32, 3), 255, np.uint8))
    assert reading.papers[0] == "white" and not reading.digits.any()
