import re

from gan_helpers import translation
from gan_helpers.data import image_batches, to_model_range
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest

SHAPE = (16, 16, 3)


@pytest.fixture
def images():
    return np.random.default_rng(10).integers(0, 256, (6, *SHAPE), dtype=np.uint8)


class TestTranslator:
    def test_takes_latents_and_a_condition_and_makes_images_of_its_size(self, images):
        translator = translation.build_translator(SHAPE, latent_dim=4, width=4)
        made = translator([np.zeros((6, 4)), to_model_range(images)]).numpy()
        assert made.shape == images.shape and made.dtype == np.float32
        assert abs(made).max() <= 1

    def test_starts_near_its_condition(self, images):
        translator = translation.build_translator(SHAPE, latent_dim=4, width=4)
        condition = to_model_range(images)
        made = translator([np.zeros((6, 4)), condition]).numpy()
        assert abs(made - condition).mean() < 0.1

    def test_latents_reach_the_image(self, images):
        translator = translation.build_translator(SHAPE, latent_dim=4, width=4)
        condition = to_model_range(images)
        made = [translator([np.full((6, 4), z), condition]).numpy() for z in (0.0, 50.0)]
        assert abs(made[0] - made[1]).max() > 1e-6

    def test_every_weight_learns(self, images):
        translator = translation.build_translator(SHAPE, latent_dim=4, width=4)
        before = [weight.numpy() for weight in translator.trainable_weights]
        translator.compile("adam", "mae", jit_compile=False)
        inputs = [np.ones((6, 4), np.float32), to_model_range(images)]
        translator.fit(inputs, to_model_range(255 - images), epochs=2, verbose=0)
        after = [weight.numpy() for weight in translator.trainable_weights]
        assert not any(map(np.array_equal, before, after))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"image_shape": (20, 16, 3)}, "divisible by 8"),
            ({"image_shape": (16, 16)}, "(height, width, channels)"),
            ({"latent_dim": 0}, "latent_dim must be a whole number"),
            ({"width": 1.5}, "width must be a whole number"),
        ],
    )
    def test_refuses_sizes_that_do_not_fit(self, arguments, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            translation.build_translator(**arguments)


class TestPatchDiscriminator:
    def test_gives_one_logit_for_each_patch(self, images):
        judge = translation.build_patch_discriminator(SHAPE, width=4)
        pair = [to_model_range(images)] * 2
        assert judge(pair).shape == (6, 4, 4, 1)

    def test_a_logit_sees_22_pixels_and_no_more(self):
        judge = translation.build_patch_discriminator((64, 64, 1), width=4)
        blank = np.zeros((1, 64, 64, 1), np.float32)
        usual = judge([blank, blank]).numpy()[0, 8, 8, 0]
        seen = []
        for column in range(64):
            changed = blank.copy()
            changed[:, :, column] = 1
            if judge([changed, blank]).numpy()[0, 8, 8, 0] != usual:
                seen.append(column)
        assert len(seen) == seen[-1] - seen[0] + 1 == 22

    def test_the_condition_counts(self, images):
        judge = translation.build_patch_discriminator(SHAPE, width=4)
        image = to_model_range(images)
        assert not np.allclose(judge([image, image]), judge([image, -image]))

    def test_refuses_sizes_that_do_not_fit(self):
        with pytest.raises(ValueError, match="divisible by 8"):
            translation.build_patch_discriminator((20, 16, 3))
        with pytest.raises(ValueError, match="width must be"):
            translation.build_patch_discriminator(width=0)


def test_both_play_the_game_of_the_course(images):
    keras.utils.set_random_seed(0)
    gan = GAN(
        translation.build_translator(SHAPE, latent_dim=4, width=4),
        translation.build_patch_discriminator(SHAPE, width=4),
    )
    adams = keras.optimizers.Adam(), keras.optimizers.Adam()
    gan.compile(*adams, pixel_weight=10.0, run_eagerly=True)
    grey = translation.to_grey(images)
    batches = image_batches(images, 3, seed=0, labels=grey)
    history = gan.fit(batches, verbose=0).history
    assert np.isfinite([*history["generator_loss"], *history["pixel_loss"]]).all()
    assert gan.sample(6, seed=1, labels=to_model_range(grey)).shape == images.shape


class TestHole:
    def test_is_grey_inside_and_untouched_around(self, images):
        before = images.copy()
        cut = translation.cut_hole(images, side=8)
        assert (cut[:, 4:12, 4:12] == 128).all()
        inside = np.zeros(SHAPE[:2], bool)
        inside[4:12, 4:12] = True
        np.testing.assert_array_equal(cut[:, ~inside], images[:, ~inside])
        np.testing.assert_array_equal(images, before)

    def test_pasting_the_original_back_undoes_it(self, images):
        cut = translation.cut_hole(images, side=8)
        np.testing.assert_array_equal(translation.paste_hole(cut, images, side=8), images)

    def test_pasting_takes_the_square_alone(self, images):
        pasted = translation.paste_hole(images, np.full_like(images, 128), side=8)
        np.testing.assert_array_equal(pasted, translation.cut_hole(images, side=8))

    @pytest.mark.parametrize("side", [0, 15, 16, 20, 2.0])
    def test_refuses_a_square_that_does_not_fit(self, images, side):
        with pytest.raises(ValueError, match="side"):
            translation.cut_hole(images, side)

    def test_refuses_fillings_of_another_shape(self, images):
        with pytest.raises(ValueError, match="one filling an image"):
            translation.paste_hole(images, images[:2], side=8)


class TestSizes:
    def test_shrink_takes_means_of_squares(self):
        image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
        np.testing.assert_array_equal(
            translation.shrink(image, 2)[0, :, :, 0], [[2, 4], [10, 12]]
        )  # 2.5, 4.5, 10.5, 12.5, rounded to even

    def test_plain_images_survive_both_ways(self):
        plain = np.full((2, 32, 32, 3), 77, np.uint8)
        small = translation.shrink(plain)
        assert small.shape == (2, 8, 8, 3)
        np.testing.assert_array_equal(translation.enlarge(small), plain)

    def test_enlarge_keeps_height_and_width_apart(self):
        assert translation.enlarge(np.zeros((1, 4, 6, 3), np.uint8), 2).shape == (1, 8, 12, 3)

    def test_refuses_what_does_not_fit(self, images):
        with pytest.raises(ValueError, match="factor 3 does not divide"):
            translation.shrink(images, 3)
        with pytest.raises(ValueError, match="Make three channels of one"):
            translation.enlarge(images[..., :1])


class TestGrey:
    def test_weights_the_channels_by_brightness(self):
        colours = np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]]], np.uint8)
        grey = translation.to_grey(colours)
        np.testing.assert_array_equal(grey[0, 0, :, 0], [76, 150, 29, 255])
        assert (grey == grey[..., :1]).all() and grey.dtype == np.uint8

    def test_refuses_images_without_colours(self, images):
        with pytest.raises(ValueError, match="Make three channels of one"):
            translation.to_grey(images[..., :1])


@pytest.mark.parametrize(
    "spoil", [translation.cut_hole, translation.shrink, translation.enlarge, translation.to_grey]
)
def test_spoiling_takes_pixels_alone(spoil, images):
    with pytest.raises(TypeError, match="uint8"):
        spoil(to_model_range(images))
    with pytest.raises(ValueError, match="count, height, width, "):
        spoil(images[0])
