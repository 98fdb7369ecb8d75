"""The game itself: who moves, what a change keeps, what it measures, how it fails."""

import functools
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread
from types import SimpleNamespace

from gan_helpers.losses import non_saturating_generator_loss
from gan_helpers.playground import (
    DISTRIBUTIONS,
    LOSSES,
    GameError,
    PointGAN,
    Settings,
    build_point_discriminator,
    build_point_generator,
    from_points,
)
from gan_helpers.playground import engine as machinery

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

pytestmark = pytest.mark.usefixtures("engines_wait")
SMALL = Settings(width=8, hidden_layers=1)
RANDOM = replace(SMALL, dropout=0.5, noise=0.5, noise_steps=20)


def weights(network: keras.Model) -> list[np.ndarray]:
    return [weight.numpy() for weight in network.weights]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_each_step_changes_its_own_network_alone():
    game = PointGAN(SMALL)
    for update, moving, standing in (
        (game.update_discriminator, game.discriminator, game.generator),
        (game.update_generator, game.generator, game.discriminator),
    ):
        before = weights(moving), weights(standing)
        update()
        assert not same(before[0], weights(moving))
        assert same(before[1], weights(standing))
    assert (game.step, game.discriminator_steps) == (1, 1)


def test_looking_changes_nothing():
    game, untouched = PointGAN(SMALL), PointGAN(SMALL)
    game.look()
    game.train(3)
    untouched.train(3)
    assert same(weights(game.generator), weights(untouched.generator))


def test_the_same_seed_plays_the_same_game_and_reset_begins_it_again():
    first, second = PointGAN(SMALL), PointGAN(SMALL)
    first.train(5)
    second.train(2)
    second.train(3)
    assert same(weights(first.generator), weights(second.generator))
    begin = PointGAN(SMALL)
    first.reset()
    assert same(weights(first.generator), weights(begin.generator))
    first.train(5)
    assert same(weights(first.generator), weights(second.generator))


def test_another_seed_begins_with_other_weights():
    first, second = PointGAN(SMALL), PointGAN(Settings(width=8, hidden_layers=1, seed=1))
    assert not same(weights(first.generator), weights(second.generator))
    assert not same(weights(first.discriminator), weights(second.discriminator))


def test_two_games_do_not_mix():
    alone = PointGAN(SMALL)
    alone.train(4)
    expected = weights(alone.generator)
    del alone
    first, second = PointGAN(SMALL), PointGAN(replace(SMALL, seed=5))
    for _ in range(4):
        first.train(1)
        second.train(1)
    assert same(expected, weights(first.generator))


def test_a_game_begins_with_the_engine_of_one_that_is_over_as_if_it_were_new():
    first = PointGAN(replace(RANDOM, loss="hinge", optimizer="SGD", average=0.5, data="line"))
    first.train(3)
    engine = first._engine
    other = PointGAN(RANDOM)
    assert other._engine is not engine, "the first game still has it"
    other.train(5)
    expected = weights(other.generator) + weights(other.discriminator)
    look = other.look()
    del first
    again = PointGAN(RANDOM)
    assert again._engine is engine
    again.train(5)
    assert same(expected, weights(again.generator) + weights(again.discriminator))
    np.testing.assert_array_equal(again.look().fake, look.fake)
    assert again.look().values == look.values


def test_an_engine_that_waits_has_forgotten_the_own_loss_of_its_game(uncompiled):
    game = PointGAN(replace(SMALL, width=9), generator_loss=lambda logits: -ops.mean(logits))
    game.train(1)
    engine = game._engine
    del game
    assert engine in machinery._waiting and not engine._compiled
    again = PointGAN(replace(SMALL, width=9))
    again.train(1)
    assert again._engine is engine and list(engine._compiled) == [None]


def test_a_new_size_leaves_the_engine_to_others_and_given_networks_are_nobody_elses(uncompiled):
    game = PointGAN(replace(SMALL, width=9))
    engine = game._engine
    game.change(width=10)
    assert PointGAN(replace(SMALL, width=9))._engine is engine
    generator = build_point_generator(width=9, hidden_layers=1)
    PointGAN(replace(SMALL, width=9), generator=generator).train(1)
    assert PointGAN(replace(SMALL, width=9)).generator is not generator


def test_a_network_that_was_given_begins_again_as_it_was_given(uncompiled):
    generator = build_point_generator(width=9, hidden_layers=1)
    given = weights(generator)
    game = PointGAN(SMALL, generator=generator)
    for change in ({"width": 10}, {"seed": 3}):
        game.train(2)
        assert not same(weights(generator), given)
        game.change(**change)
        assert game.generator is generator and same(weights(generator), given)


def everything(game: PointGAN) -> tuple[list[np.ndarray], dict[str, float]]:
    moment = game.look()
    seen = [getattr(moment, name) for name in ("fake", "push", "surface", "warped")]
    numbers = moment.values | {"step": moment.step}
    return weights(game.generator) + weights(game.discriminator) + seen, numbers


def play_on(changes, rest=lambda game: None):
    """What there is after three steps, and after each change and two more."""
    game = PointGAN(replace(RANDOM, average=0.5))
    game.train(3)
    found = []
    for change in changes:
        other = rest(game)
        game.change(**change)
        game.train(2)
        assert other is None or game._engine is not other._engine
        found.append(everything(game))
    return found


@pytest.mark.parametrize(
    ("compiled", "changes"),
    [(True, [{}, {"optimizer": "SGD"}]), (False, [{"width": 9, "seed": 2}])],
)
def test_a_game_that_rested_goes_on_as_if_it_had_not(request, compiled, changes):
    if not compiled:
        request.getfixturevalue("uncompiled")

    def rest(game):
        engine = game._engine
        game.rest()
        game.rest()  # once more changes nothing
        other = PointGAN(replace(RANDOM, seed=7, latents="uniform", data="line", loss="hinge"))
        assert other._engine is engine
        other.train(2)
        return other

    straight, rested = play_on(changes), play_on(changes, rest)
    for (expected, numbers), (found, found_numbers) in zip(straight, rested, strict=True):
        assert same(expected, found) and numbers == found_numbers


def test_a_game_on_given_networks_keeps_them_while_it_rests(uncompiled):
    generator = build_point_generator(width=9, hidden_layers=1)
    game = PointGAN(SMALL, generator=generator)
    game.train(2)
    waiting, before = list(machinery._waiting), weights(generator)
    game.rest()
    assert machinery._waiting == waiting
    assert game.generator is generator and same(weights(generator), before)


def test_only_a_few_engines_wait(monkeypatch):
    monkeypatch.setattr(machinery, "_waiting", [])
    monkeypatch.setattr(machinery, "MOST_WAITING", 3)
    for width in range(1, 7):
        PointGAN(replace(SMALL, width=width))
    kept = [engine.settings.width for engine in machinery._waiting]
    assert kept == [4, 5, 6]


@pytest.fixture
def waiting(monkeypatch):
    """Twenty engines of one size that wait, and none that could be built."""
    engines = [SimpleNamespace(settings=SMALL, forget_own_loss=lambda: None) for _ in range(20)]
    monkeypatch.setattr(machinery, "_waiting", list(engines))
    monkeypatch.setattr(machinery, "MOST_WAITING", len(engines))
    monkeypatch.setattr(machinery, "Engine", None)
    return engines


def test_threads_that_begin_games_at_once_get_an_engine_each(waiting, monkeypatch):
    def other_threads_first(settings):
        time.sleep(1e-4)
        return settings

    def play(_):
        for _ in range(20):
            engine = machinery.take(SMALL)
            assert id(engine) not in taken, "another game has it"
            taken.add(id(engine))
            time.sleep(1e-4)
            taken.remove(id(engine))
            machinery.give_back(engine)

    monkeypatch.setattr(machinery, "_key", other_threads_first)
    taken = set()
    with ThreadPoolExecutor(len(waiting)) as threads:
        list(threads.map(play, waiting))
    assert {id(engine) for engine in machinery._waiting} == {id(engine) for engine in waiting}


def test_a_game_may_end_in_the_middle_of_the_search_for_an_engine(waiting, monkeypatch):
    # The garbage collector ends it where it likes, also in the thread that searches.
    (early, late), key = waiting[:2], machinery._key
    monkeypatch.setattr(machinery, "_waiting", [early])
    monkeypatch.setattr(machinery, "MOST_WAITING", 1)

    def end_another(settings):
        monkeypatch.setattr(machinery, "_key", key)
        machinery.give_back(late)  # which pushes out the one that was found
        return key(settings)

    monkeypatch.setattr(machinery, "_key", end_another)
    taken = []
    thread = Thread(target=lambda: taken.append(machinery.take(SMALL)), daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert taken == [early] and machinery._waiting == [late]


def test_a_round_holds_as_many_discriminator_updates_as_set():
    game = PointGAN(replace(SMALL, discriminator_steps=3))
    game.train(2)
    assert (game.step, game.discriminator_steps) == (2, 6)
    once = PointGAN(SMALL)
    for _ in range(2):
        for _ in range(3):
            once.update_discriminator()
        once.update_generator()
    assert same(weights(game.generator), weights(once.generator))


@pytest.mark.parametrize(
    "change",
    [
        {"data": "line"},
        {"loss": "hinge"},
        {"optimizer": "SGD"},
        {"generator_rate": 0.01},
        {"discriminator_rate": 0.5},
        {"latents": "uniform"},
        {"discriminator_steps": 4},
    ],
)
def test_a_change_keeps_the_networks(change):
    game = PointGAN(SMALL)
    game.train(2)
    before = weights(game.generator)
    game.change(**change)
    assert same(before, weights(game.generator)) and game.step == 2
    game.train(1)
    assert not same(before, weights(game.generator))
    game.look()


def test_a_learning_rate_counts_at_once():
    game = PointGAN(replace(SMALL, optimizer="SGD"))
    game.train(1)
    before = weights(game.generator)
    game.change(generator_rate=1e-12)
    game.train(1)
    assert np.allclose(before[0], game.generator.weights[0].numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("change", [{"latent_dim": 1}, {"hidden_layers": 3}, {"width": 16}])
def test_a_new_size_begins_a_new_game(uncompiled, change):
    game = PointGAN(SMALL)
    game.train(2)
    game.change(**change)
    assert game.step == 0
    game.train(1)
    game.look()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_plays(name):
    game = PointGAN(replace(SMALL, loss=name))
    game.train(2)
    assert np.isfinite(list(game.look().values.values())).all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_that_is_set_is_the_one_that_counts(name):
    game = PointGAN(SMALL)
    game.train(20)
    game.change(loss=name)
    seen = game.look()
    fake_logits = game.discriminator(game.generator(game._engine.fixed_latents[: len(seen.fake)]))
    real_logits = game.discriminator(game.shown_real)
    loss = LOSSES[name]
    expected = float(loss.generator(fake_logits))
    assert seen.values["generator_loss"] == pytest.approx(expected, abs=1e-4)
    expected = float(loss.discriminator(real_logits, fake_logits))
    assert seen.values["discriminator_loss"] == pytest.approx(expected, abs=1e-4)


def train_differently(**change):
    game = PointGAN(SMALL)
    game.train(2)
    game.change(**change)
    game.train(1)
    return weights(game.generator) + weights(game.discriminator)


def test_each_loss_optimizer_rate_and_kind_of_latents_trains_differently():
    changes = [{}, {"optimizer": "SGD"}, {"discriminator_rate": 0.1}, {"latents": "uniform"}]
    changes += [{"loss": name} for name in LOSSES if name != SMALL.loss]
    results = [train_differently(**change) for change in changes]
    for first, second in itertools.combinations(results, 2):
        assert not same(first, second)


def test_each_player_has_its_own_layers_optimizer_and_updates():
    game = PointGAN(
        replace(SMALL, discriminator_layers=2, discriminator_width=4, generator_steps=3)
    )
    units = [[layer.units for layer in net.layers] for net in (game.generator, game.discriminator)]
    assert units == [[8, 2], [4, 4, 1]]
    game.train(2)
    assert (game.step, game.discriminator_steps) == (6, 2)
    by_hand = PointGAN(game.settings)
    for _ in range(2):
        by_hand.update_discriminator()
        for _ in range(3):
            by_hand.update_generator()
    for one, other in zip(weights(game.generator), weights(by_hand.generator), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_optimizer_of_one_player_is_not_that_of_the_other():
    both = [
        train_differently(optimizer=own, discriminator_optimizer=other)
        for own, other in itertools.product(("Adam", "SGD"), repeat=2)
    ]
    for first, second in itertools.combinations(both, 2):
        assert not same(first, second)
    assert same(both[-1], train_differently(optimizer="SGD"))


def test_what_holds_for_d_anyway_may_be_written_out():
    game = PointGAN(SMALL)
    game.train(2)
    game.change(discriminator_width=8, discriminator_layers=1, discriminator_optimizer="Adam")
    assert game.step == 2
    engine = game._engine
    del game
    assert PointGAN(SMALL)._engine is engine


def test_an_update_says_what_it_did():
    game = PointGAN(SMALL)
    game.train(30)
    for name, update in (
        ("discriminator", game.update_discriminator),
        ("generator", game.update_generator),
    ):
        network = getattr(game, name)
        before = weights(network)
        told = update()
        changes = [np.abs(new - old) for new, old in zip(weights(network), before, strict=True)]
        moved = np.concatenate([change.ravel() for change in changes]).mean()
        assert told.moved == pytest.approx(moved, rel=1e-4)
        # Of another batch than the one that the measurement has: near, and not equal.
        assert told.loss == pytest.approx(game.look().values[f"{name}_loss"], abs=0.3)
        assert told.judged == 128 and 0 <= told.called_real <= 128
        assert str(told).startswith(f"{name[0].upper()}'s loss {told.loss:.2f}; its weights moved")
    packed = PointGAN(replace(SMALL, packed=2)).update_generator()
    assert packed.judged == 64 and "of 64 packs of 2 fakes" in str(packed)


def test_a_seed_set_later_plays_the_same_game():
    late, early = PointGAN(SMALL), PointGAN(replace(SMALL, seed=3))
    late.train(3)
    late.change(seed=3)
    late.train(3)
    early.train(3)
    assert same(weights(late.generator), weights(early.generator))
    assert np.array_equal(late.shown_real, early.shown_real)


def test_a_given_generator_keeps_its_latents(uncompiled):
    game = PointGAN(SMALL, generator=build_point_generator(latent_dim=3, width=4))
    game.change(latent_dim=3, data="line")
    assert game.settings.latent_dim == 3
    for latent_dim in (1, 2):
        with pytest.raises(ValueError, match="build it into your own generator"):
            game.change(latent_dim=latent_dim)
    game.train(1)
    game.look()


OWN = {
    "generator": lambda: build_point_generator(width=4),
    "discriminator": lambda: build_point_discriminator(width=4),
}
USELESS = [
    ("generator", {"latent_dim": 1}),
    ("discriminator", {"dropout": 0.3}),
    ("discriminator", {"weight_penalty": 0.1}),
    ("discriminator", {"minibatch_statistics": True}),
    ("discriminator", {"discriminator_width": 8}),
    ("discriminator", {"discriminator_layers": 1}),
    ("generator discriminator", {"width": 8}),
    ("generator discriminator", {"hidden_layers": 1}),
]


@pytest.mark.parametrize(
    ("names", "settings"), USELESS, ids=[" ".join(settings) for _, settings in USELESS]
)
def test_a_setting_that_would_shape_a_given_network_is_refused(uncompiled, names, settings):
    given = {name: OWN[name]() for name in names.split()}
    words = f"{next(iter(settings))}=.*{' and '.join(given)} instead"
    with pytest.raises(ValueError, match=words):
        PointGAN(Settings(**settings), **given)
    game = PointGAN(**given)
    game.train(1)
    with pytest.raises(ValueError, match=words):
        game.change(**settings)
    assert game.settings == Settings() and game.step == 1
    # One network that was not given is enough to use it.
    game = PointGAN(**{name: OWN[name]() for name in OWN.keys() - given.keys()})
    game.change(**settings)
    game.train(1)


def test_a_given_network_leaves_the_sizes_to_the_other():
    first = PointGAN(SMALL, generator=OWN["generator"]()).discriminator
    game = PointGAN(discriminator=OWN["discriminator"]())
    game.change(width=8, hidden_layers=1)
    for network in (first, game.generator):
        assert [layer.units for layer in network.layers[:-1]] == [8]


def test_a_given_discriminator_judges_the_packs_that_it_was_built_for(uncompiled):
    packed = build_point_discriminator(width=4, packed=2)
    game = PointGAN(replace(SMALL, packed=2), discriminator=packed)
    game.train(2)
    assert np.isfinite(list(game.look().values.values())).all()
    single = PointGAN(SMALL, discriminator=OWN["discriminator"]())
    single.train(1)
    for given, size in ((game, 1), (single, 2)):
        before = given.settings
        words = rf"must go from points \(batch, {2 * size}\) .* packed={size}"
        with pytest.raises(ValueError, match=words):
            given.change(packed=size)
        assert given.settings == before and given.step
        given.train(1)
        with pytest.raises(ValueError, match=words):
            PointGAN(replace(SMALL, packed=size), discriminator=given.discriminator)


def test_an_edited_loss_replaces_the_one_before():
    game = PointGAN(SMALL)
    for scale in (1.0, 2.0):
        game.use_loss(lambda fake_logits, scale=scale: -scale * ops.mean(fake_logits))
        game.train(1)
        own = [loss for loss in game._engine._compiled if loss is not None]
        assert own == [game.own_loss]


def test_clipping_limits_the_critic():
    game = PointGAN(replace(SMALL, loss="Wasserstein, clipped"))
    game.train(1)
    limit = LOSSES["Wasserstein, clipped"].clip
    assert max(np.abs(weight).max() for weight in weights(game.discriminator)) <= limit


def test_own_networks_and_losses_are_played_with():
    calls = []

    def my_loss(fake_logits):
        calls.append(fake_logits.shape)
        return -ops.mean(fake_logits)

    generator = build_point_generator(latent_dim=1, width=4)
    discriminator = build_point_discriminator(width=4)
    game = PointGAN(generator=generator, discriminator=discriminator, generator_loss=my_loss)
    first = weights(generator)
    game.train(1)
    assert calls and game.generator is generator
    assert game.settings.latent_dim == 1
    game.reset()
    assert same(first, weights(generator))


def test_a_moment_shows_what_the_networks_say():
    game = PointGAN(SMALL)
    game.train(20)
    moment = game.look()
    assert moment.fake.shape == (256, 2) and moment.push.shape == (48, 2)
    assert moment.surface.shape == (40, 40) and moment.warped.shape == (22, 33, 2)
    # Row 0 is below: the place of column 39, row 0 is the lower right corner.
    corner = np.array([[1.4625, -1.4625]], np.float32)
    score = ops.sigmoid(game.discriminator(corner)).numpy().item()
    assert moment.surface[0, 39] == pytest.approx(255 * score, abs=1)


def test_the_push_is_the_way_the_loss_falls():
    game = PointGAN(SMALL)
    game.train(20)
    moment = game.look()
    fake, push = moment.fake[:48].astype(np.float32), moment.push.astype(np.float32)
    assert np.abs(push).max() > 1e-3

    def loss(points):
        return non_saturating_generator_loss(game.discriminator(points)).numpy()

    assert loss(fake + 0.05 * push) < loss(fake) < loss(fake - 0.05 * push)


def test_the_ring_is_learned():
    game = PointGAN(Settings(seed=0))
    before = game.look().values
    game.train(1000)
    after = game.look().values
    assert after["JS"] < 0.7 * before["JS"]
    assert after["good"] > before["good"]


def test_own_points_are_learned_from():
    game = PointGAN(SMALL, distribution=from_points(np.array([[1.0, 1.0]])))
    assert np.allclose(game.shown_real.mean(axis=0), 1, atol=0.05)
    game.change(data="line")
    assert game.distribution is DISTRIBUTIONS["line"]


def test_a_faulty_loss_is_refused_before_it_is_played():
    game = PointGAN(SMALL)
    for loss, kind, words in (
        (lambda logits: 1 / 0, TypeError, "division by zero"),
        (lambda logits: logits, ValueError, "return one number"),
        (lambda logits: ops.zeros(()), ValueError, "does not depend"),
        (lambda logits: -ops.mean(ops.log(logits)), ValueError, "for probabilities"),
    ):
        with pytest.raises(kind, match=words):
            game.use_loss(loss)
    game.train(1)
    assert game.step == 1


def test_numbers_that_are_no_longer_finite_stop_the_game():
    game = PointGAN(replace(SMALL, optimizer="SGD", generator_rate=1e30))
    game.train(5)
    with pytest.raises(GameError, match="no longer a finite number"):
        game.look()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"data": "spiral"}, "ring of 8"),
        ({"loss": "none"}, "non-saturating"),
        ({"optimizer": "RMS"}, "Adam"),
        ({"discriminator_optimizer": "RMS"}, "Adam"),
        ({"discriminator_layers": 0}, "at least 1"),
        ({"generator_steps": 0}, "at least 1"),
        ({"latents": "cauchy"}, "uniform"),
        ({"width": 0}, "at least 1"),
        ({"generator_rate": -1.0}, "above 0"),
        ({"noise": -0.1}, "at least 0"),
        ({"packed": 3}, "divide"),
        ({"unrolled": -1}, "at least 0"),
    ],
)
def test_unknown_settings_say_what_is_known_and_change_nothing(settings, words):
    with pytest.raises(ValueError, match=words):
        PointGAN(Settings(**settings))
    game = PointGAN(SMALL)
    with pytest.raises(ValueError, match=words):
        game.change(**settings)
    assert game.settings == SMALL


def test_networks_that_do_not_fit_say_what_is_wanted():
    with pytest.raises(ValueError, match="latents"):
        PointGAN(generator=build_point_discriminator())
    with pytest.raises(ValueError, match="logits"):
        PointGAN(discriminator=build_point_generator())
    with pytest.raises(ValueError, match="not built"):
        PointGAN(generator=keras.Sequential([keras.layers.Dense(2)]))


REMEDIES = [
    {"noise": 0.2},
    {"noise": 0.2, "noise_steps": 2},
    {"gradient_penalty": 1.0},
    {"r1_penalty": 1.0},
    {"weight_penalty": 0.01},
    {"dropout": 0.5},
    {"minibatch_statistics": True},
    {"packed": 2},
    {"unrolled": 1},
    {"discriminator_width": 4},
]


@functools.cache
def weights_without_remedy():
    plain = PointGAN(SMALL)
    plain.train(3)
    return weights(plain.generator)


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: " ".join(remedy))
def test_each_remedy_changes_the_game_and_can_be_looked_at(uncompiled, remedy):
    treated = PointGAN(replace(SMALL, **remedy))
    treated.train(3)
    assert np.isfinite(list(treated.look().values.values())).all()
    assert not same(weights_without_remedy(), weights(treated.generator))


def test_what_is_compiled_for_all_remedies_does_what_is_written(request):
    remedies = {name: value for remedy in REMEDIES for name, value in remedy.items()}
    game = PointGAN(replace(SMALL, **remedies))
    game.train(3)
    compiled, numbers = everything(game)
    game.reset()
    request.getfixturevalue("uncompiled")
    game.train(3)
    written, expected = everything(game)
    for found, wanted in zip(compiled, written, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-2, atol=1e-2)
    assert numbers == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_the_average_follows_the_generator_and_is_what_is_shown():
    game, plain = PointGAN(replace(SMALL, average=0.9)), PointGAN(SMALL)
    for each in (game, plain):
        each.train(5)
    assert same(weights(game.generator), weights(plain.generator))
    assert not np.array_equal(game.look().fake, plain.look().fake)
    game.change(average=0.0)
    game.train(1)
    plain.train(1)
    assert np.array_equal(game.look().fake, plain.look().fake)


def test_the_gradient_norm_is_that_of_the_generators_loss():
    game = PointGAN(SMALL)
    game.train(5)
    latents = game._engine.fixed_latents[:256]
    with tf.GradientTape() as tape:
        loss = non_saturating_generator_loss(game.discriminator(game.generator(latents)))
    gradients = tape.gradient(loss, game.generator.trainable_variables)
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    assert game.look().values["gradient_norm"] == pytest.approx(norm, rel=1e-4)
