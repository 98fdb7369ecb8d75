from gan_helpers import metrics, models, weights
from gan_helpers.runtime import DatasetError, dtype_policy
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest

GENERATORS = [models.build_dense_generator, models.build_dcgan_generator]
DISCRIMINATORS = [models.build_dense_discriminator, models.build_dcgan_discriminator]


@pytest.mark.parametrize("build", GENERATORS)
@pytest.mark.parametrize("image_shape", [(32, 32, 3), (16, 24, 1)])
def test_generators_make_images_in_model_range(build, image_shape):
    generator = build(latent_dim=5, image_shape=image_shape, width=4)
    latents = 100 * keras.random.normal((3, 5), seed=0)
    images = np.asarray(generator(latents))
    assert images.shape == (3, *image_shape)
    assert np.abs(images).max() <= 1


@pytest.mark.parametrize("build", DISCRIMINATORS)
@pytest.mark.parametrize("image_shape", [(32, 32, 3), (16, 24, 1)])
def test_discriminators_give_one_unbounded_logit_an_image(build, image_shape):
    keras.utils.set_random_seed(0)
    discriminator = build(image_shape=image_shape, width=4)
    images = keras.random.uniform((3, *image_shape), -1e6, 1e6, seed=0)
    logits = np.asarray(discriminator(images))
    assert logits.shape == (3, 1)
    assert np.abs(logits).max() > 1, "a sigmoid or tanh at the end would bound the logits"


@pytest.mark.parametrize("build", GENERATORS + DISCRIMINATORS)
def test_width_scales_the_network(build):
    assert build(width=8).count_params() > build(width=4).count_params()


@pytest.mark.parametrize("build", [models.build_dcgan_generator, models.build_dcgan_discriminator])
def test_dcgan_kernels_start_as_the_paper_says(build):
    keras.utils.set_random_seed(0)
    model = build(width=32)
    kernels = [w.numpy() for w in model.trainable_weights if w.path.endswith("kernel")]
    gammas = [w.numpy() for w in model.trainable_weights if w.path.endswith("gamma")]
    assert len(kernels) == 4
    for kernel in kernels:
        assert kernel.mean() == pytest.approx(0, abs=0.002)
        assert kernel.std() == pytest.approx(0.02, rel=0.1)
    assert gammas and all((gamma == 1).all() for gamma in gammas)


def test_layers_of_equal_shape_do_not_start_with_equal_kernels():
    keras.utils.set_random_seed(0)
    discriminator = models.build_dcgan_discriminator(image_shape=(32, 32, 4), width=4)
    first, second, _ = (
        layer for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)
    )
    assert first.kernel.shape[:3] == second.kernel.shape[:3]
    assert not np.array_equal(first.kernel[..., 0].numpy(), second.kernel[..., 0].numpy())


@pytest.mark.parametrize("build", [models.build_dcgan_generator, models.build_dcgan_discriminator])
def test_an_image_size_that_cannot_be_halved_three_times_is_refused(build):
    with pytest.raises(ValueError, match="divisible by 8"):
        build(image_shape=(28, 28, 1))


@pytest.mark.parametrize("build", GENERATORS + DISCRIMINATORS)
@pytest.mark.parametrize("width", [0, -1, 2.5, True])
def test_a_width_that_is_no_size_is_refused(build, width):
    with pytest.raises(ValueError, match="width must be a whole number"):
        build(width=width)


@pytest.mark.parametrize("build", GENERATORS + DISCRIMINATORS)
def test_an_image_shape_without_channels_is_refused(build):
    with pytest.raises(ValueError, match="height, width, channels"):
        build(image_shape=(32, 32))


def test_a_conditional_generator_starts_as_the_plain_one_and_learns_each_class_its_own_way():
    keras.utils.set_random_seed(0)
    conditional = models.build_conditional_generator(5, 3, (16, 24, 1), width=4)
    plain = models.build_dcgan_generator(5, (16, 24, 1), width=4)
    kernels = (keras.layers.Dense, keras.layers.Conv2DTranspose)
    pairs = (
        [layer for layer in model.layers if isinstance(layer, kernels)]
        for model in (plain, conditional)
    )
    for layer, its_twin in zip(*pairs, strict=True):
        layer.set_weights(its_twin.get_weights())
    latents = keras.random.normal((6, 5), seed=0)
    labels = keras.ops.arange(6) % 3
    before = conditional([latents, labels])
    np.testing.assert_allclose(before, plain(latents), rtol=1e-5, atol=1e-7)

    embedding = next(
        layer for layer in conditional.layers if isinstance(layer, keras.layers.Embedding)
    )
    table = embedding.get_weights()[0]
    table[1] += 1
    embedding.set_weights([table])
    changed = np.abs(conditional([latents, labels]) - before).max(axis=(1, 2, 3)) > 0
    assert changed.tolist() == [False, True, False] * 2


@pytest.mark.parametrize("name", ["latent_dim", "classes", "width"])
def test_conditional_sizes_are_checked(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        models.build_conditional_generator(**{name: 0})


def test_a_discriminator_can_have_a_logit_a_class():
    assert models.build_dcgan_discriminator(width=4, classes=10).output_shape == (None, 10)
    with pytest.raises(ValueError, match="classes must be"):
        models.build_dcgan_discriminator(classes=0)


def test_dropout_is_off_unless_asked_for():
    def count(model):
        return sum(isinstance(layer, keras.layers.Dropout) for layer in model.layers)

    assert count(models.build_dcgan_discriminator(width=4)) == 0
    assert count(models.build_dcgan_discriminator(width=4, dropout=0.3)) == 3
    for dropout in (-0.1, 1.0):
        with pytest.raises(ValueError, match="dropout must be"):
            models.build_dcgan_discriminator(dropout=dropout)


@pytest.mark.parametrize(
    "build",
    [
        models.build_dcgan_generator,
        models.build_dcgan_discriminator,
        models.build_conditional_generator,
    ],
)
def test_pixels_and_logits_are_float32_also_in_mixed_precision(build):
    with dtype_policy("mixed_bfloat16"):
        model = build(width=4)
    assert model.outputs[0].dtype == "float32"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}


def test_the_classifier_gives_logits_and_features():
    classifier = metrics.build_classifier(image_shape=(16, 16, 1), classes=3, width=4)
    images = keras.random.uniform((2, 16, 16, 1), -1, 1, seed=0)
    features = keras.Model(classifier.inputs[0], classifier.get_layer("features").output)
    assert classifier(images).shape == (2, 3)
    assert features(images).shape == (2, 24)


def test_shipped_weights_survive_the_way_to_disk_and_back(tmp_path):
    keras.utils.set_random_seed(0)
    stored = models.build_dcgan_generator(width=4)
    path = weights.save_weights(stored, tmp_path / "folder" / "generator.npz")
    loaded = weights.load_weights(models.build_dcgan_generator(width=4), path)
    latents = keras.random.normal((4, 64), seed=0)
    np.testing.assert_allclose(loaded(latents), stored(latents), atol=2e-3)
    with np.load(path) as archive:
        assert {archive[name].dtype.name for name in archive.files} == {"float16"}


def test_weights_replace_a_file_whole_or_not_at_all(tmp_path, monkeypatch):
    path = weights.save_weights(models.build_dcgan_generator(width=4), tmp_path / "g.npz")
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write_bytes(b"half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(weights.np, "savez_compressed", fail)
    with pytest.raises(OSError, match="No space left"):
        weights.save_weights(models.build_dcgan_generator(width=4), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_weights_of_another_architecture_are_refused(tmp_path):
    path = weights.save_weights(models.build_dcgan_generator(width=4), tmp_path / "g.npz")
    other = models.build_dcgan_generator(width=8)
    before = [weight.numpy().copy() for weight in other.weights]
    with pytest.raises(ValueError, match="does not fit this model"):
        weights.load_weights(other, path)
    after = [weight.numpy() for weight in other.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda array: array * np.float32("nan"), "not finite"),
        (lambda array: array.astype(np.int32), "does not fit"),
        (lambda array: array.astype("<U9"), "holds no numbers"),
        (lambda array: array[..., None], "does not fit"),
    ],
)
def test_weights_that_are_none_change_nothing(change, words, tmp_path):
    model = models.build_dense_generator(latent_dim=2, image_shape=(4, 4, 1), width=2)
    before = [weight.numpy() for weight in model.weights]
    arrays = {f"weight_{index:03d}": change(array) for index, array in enumerate(before)}
    np.savez(tmp_path / "weights.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        weights.load_weights(model, tmp_path / "weights.npz")
    (tmp_path / "weights.npz").write_bytes(b"PK no archive")
    with pytest.raises(ValueError, match="cannot be read"):
        weights.load_weights(model, tmp_path / "weights.npz")
    after = [weight.numpy() for weight in model.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_damaged_training_log_is_noticed(tmp_path, monkeypatch):
    for path in (weights.WEIGHTS / "SHA256SUMS", weights.WEIGHTS / "dcgan_log.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    assert len(weights.load_training_log("dcgan")["epoch"]) > 10
    content = (tmp_path / "dcgan_log.csv").read_bytes()
    (tmp_path / "dcgan_log.csv").write_bytes(content[:-9])
    with pytest.raises(DatasetError, match=r"dcgan_log\.csv is damaged"):
        weights.load_training_log("dcgan")


def test_missing_weights_are_named(tmp_path):
    model = models.build_dcgan_generator(width=4)
    with pytest.raises(FileNotFoundError, match=r"no weights at .*missing\.npz\. Those of the"):
        weights.load_weights(model, tmp_path / "missing.npz")
    # The sources, or an installed wheel, which git knows nothing of.
    with pytest.raises(FileNotFoundError, match=r"git checkout -- data.*install the course again"):
        weights.load_weights(model, weights.WEIGHTS / "missing.npz")


def test_a_projection_discriminator_adds_what_fits_the_class():
    keras.utils.set_random_seed(0)
    model = models.build_projection_discriminator((16, 24, 1), classes=3, width=4)
    images = keras.random.uniform((6, 16, 24, 1), -1, 1, seed=0)
    labels = keras.ops.arange(6) % 3
    before = np.asarray(model([images, labels]))
    assert before.shape == (6, 1)
    table = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
    last = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
    features = np.asarray(keras.Model(model.inputs[0], last.input)(images))
    rows = table.get_weights()[0][np.asarray(labels)]
    weights, bias = last.get_weights()
    expected = features @ weights + bias + (rows * features).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(before, expected, rtol=1e-4, atol=1e-6)


def words(*captions):
    return keras.ops.convert_to_tensor(captions, "int32")


def build_caption_pair():
    keras.utils.set_random_seed(0)
    first, second = (models.build_text_encoder(7, words=3, size=6) for _ in range(2))
    return (
        models.build_caption_generator(5, first, (16, 24, 3), width=4),
        models.build_caption_discriminator(second, (16, 24, 3), width=4),
    )


def test_a_text_encoder_hears_the_order_of_the_words():
    keras.utils.set_random_seed(0)
    encoder = models.build_text_encoder(7, words=3, size=6)
    codes = np.asarray(encoder(words([1, 2, 3], [3, 2, 1], [1, 2, 3])))
    assert codes.shape == (3, 6) and np.abs(codes).max() < 1
    np.testing.assert_allclose(codes[0], codes[2], rtol=1e-5)
    assert np.abs(codes[0] - codes[1]).max() > 0.01


def test_a_caption_changes_the_image_and_its_logit():
    generator, discriminator = build_caption_pair()
    latents = keras.ops.tile(keras.random.normal((1, 5), seed=0), (2, 1))
    captions = words([1, 2, 3], [4, 2, 3])
    images = np.asarray(generator([latents, captions]))
    assert images.shape == (2, 16, 24, 3) and np.abs(images).max() <= 1
    assert np.abs(images[0] - images[1]).max() > 0
    same = keras.ops.repeat(images[:1], 2, axis=0)
    logits = np.asarray(discriminator([same, captions]))
    assert logits.shape == (2, 1) and logits[0] != logits[1]


def test_networks_for_captions_share_no_weights():
    generator, discriminator = build_caption_pair()
    assert not {id(w) for w in generator.weights} & {id(w) for w in discriminator.weights}
    assert any("text_encoder" in w.path for w in generator.trainable_weights)


@pytest.mark.parametrize("networks", ["classes", "captions"])
def test_networks_told_what_to_make_play_a_game(networks):
    if networks == "captions":
        pair, condition = build_caption_pair(), words([1, 2, 3], [4, 5, 6])
    else:
        pair = (
            models.build_conditional_generator(5, 3, (16, 24, 3), width=4),
            models.build_projection_discriminator((16, 24, 3), 3, width=4),
        )
        condition = keras.ops.convert_to_tensor([0, 2], "int32")
    gan = GAN(*pair)
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    before = [w.numpy() for w in gan.trainable_variables]
    images = keras.random.uniform((2, 16, 24, 3), -1, 1, seed=0)
    gan.train_step((images, condition))
    moved = [
        not np.array_equal(w.numpy(), old)
        for w, old in zip(gan.trainable_variables, before, strict=True)
    ]
    assert sum(moved) > 0.9 * len(moved)
    assert gan.sample(2, seed=0, labels=condition).shape == (2, 16, 24, 3)


@pytest.mark.parametrize("name", ["vocabulary", "words", "size"])
def test_sizes_of_a_text_encoder_are_checked(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        models.build_text_encoder(**{"vocabulary": 7, name: 0})


def test_classes_of_a_projection_discriminator_are_checked():
    with pytest.raises(ValueError, match="classes must be a whole number"):
        models.build_projection_discriminator(classes=0)
