"""The widget without a browser: its buttons, its loop, its record, what it says when it fails."""

import asyncio
import io
import threading
from dataclasses import replace

from gan_helpers.playground import (
    DISTRIBUTIONS,
    LOSSES,
    PRESETS,
    Playground,
    build_point_discriminator,
    build_point_generator,
    controls,
    engine,
    record,
    screen,
)
from gan_helpers.playground.glass import lights

import numpy as np
import pytest
from keras import ops
from PIL import Image

pytestmark = pytest.mark.usefixtures("games_end", "engines_wait")
SMALL = {"width": 8, "hidden_layers": 1}


def picture(lab: Playground) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(lab.picture.value)))


def generator(lab: Playground) -> list[np.ndarray]:
    return [weight.numpy() for weight in lab.game.generator.weights]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_the_buttons_move_the_players_and_the_counter():
    lab = Playground(**SMALL)
    for button, counts in (
        (lab.controls.d_button, (0, 1)),
        (lab.controls.g_button, (1, 1)),
        (lab.controls.both_button, (2, 2)),
    ):
        before = lab.picture.value
        button.click()
        assert (lab.game.step, lab.game.discriminator_steps) == counts
        assert lab.picture.value != before
        assert f"step {counts[0]} (D: {counts[1]}" in lab.controls.counter.value
    lab.controls.reset_button.click()
    assert lab.game.step == 0 and len(lab.moments) == 1


def test_one_update_is_told_in_words_until_something_else_happens():
    lab = Playground(**SMALL)
    lab.controls.d_button.click()
    assert lab.screen.told.player == "D" and str(lab.screen.told) in lab.alt
    lab.controls.g_button.click()
    assert lab.screen.told.player == "G" and str(lab.screen.told) in lab.alt
    lab.controls.history.value = 0
    assert str(lab.screen.told) not in lab.alt
    lab.step_both()
    assert lab.screen.told is None


def test_a_choice_for_one_player_leaves_the_other(uncompiled):
    lab = Playground(**SMALL)
    shown = lab.controls.settings
    assert shown["discriminator_width"].value == 8
    shown["width"].value = 16
    shown["hidden_layers"].value = 3
    shown["optimizer"].value = "SGD"
    assert [shown[f"discriminator_{name}"].value for name in ("width", "layers", "optimizer")] == [
        8,
        1,
        "Adam",
    ]
    assert [layer.units for layer in lab.game.discriminator.layers] == [8, 1]
    shown["discriminator_layers"].value = 2
    shown["discriminator_optimizer"].value = "SGD"
    shown["optimizer"].value = "Adam"
    assert [layer.units for layer in lab.game.generator.layers] == [16, 16, 16, 2]
    settings = lab.game.settings
    assert (settings.optimizer, settings.discriminator_optimizer) == ("Adam", "SGD")


def test_an_update_lights_the_way_forward_and_then_the_way_back():
    lab = Playground(**SMALL)
    lab.step_discriminator()
    states = [(light.forward, light.back, light.moved) for light in lights(lab.screen.told)]
    assert states == [(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (4, 1, 0), (4, 1, 1)]
    lab.step_generator()
    assert len(lights(lab.screen.told)) == 8
    drawn = [
        lab.drawing.draw(lab.moments, lab.record.last, light).tobytes()
        for light in [None, *lights(lab.screen.told)]
    ]
    assert len(set(drawn)) == len(drawn)
    # The still shows the whole way; once the game goes on, none of it.
    assert lab.draw().tobytes() == drawn[-1]
    lab.record.look_at(0)
    calm = lab.draw()
    lab.step_both()
    lab.record.look_at(0)
    strip = (0, 0, 1000, 160)
    assert lab.draw().crop(strip).tobytes() == calm.crop(strip).tobytes()


def test_a_button_shows_the_stages_and_another_action_ends_them():
    async def play():
        lab = Playground(**SMALL)
        lab.controls.g_button.click()
        pictures, first = set(), lab.screen.frames_shown
        assert lab.game.step == len(lab.moments) - 1 == 1
        await until(
            lambda: pictures.add(lab.picture.value) or "step 1 " in lab.controls.counter.value
        )
        assert lab.screen.frames_shown == first + 8 and len(pictures) >= 7
        lab.controls.d_button.click()
        lab.controls.g_button.click()
        assert len(lab.moments) == 4
        lab.controls.reset_button.click()
        shown = lab.screen.frames_shown
        await asyncio.sleep(0.5)
        assert lab.screen.frames_shown == shown and "step 0 " in lab.controls.counter.value

    asyncio.run(play())


def test_slow_motion_plays_the_same_game_update_by_update(monkeypatch):
    monkeypatch.setattr(screen, "STAGE_SECONDS", 0.001)

    async def play():
        lab = Playground(discriminator_steps=2, **SMALL)
        lab.controls.speed.value = controls.SLOW_MOTION
        lab.play()
        await until(lambda: lab.game.step == 2)
        lab.pause()
        counts = [(moment.discriminator_steps, moment.step) for moment in lab.moments]
        assert counts[:7] == [(0, 0), (1, 0), (2, 0), (2, 1), (3, 1), (4, 1), (4, 2)]
        # What was begun is not shown any more once the game is another one.
        lab.reset()
        lab.play()
        await until(lambda: lab.game.discriminator_steps == 1)
        assert [moment.discriminator_steps for moment in lab.moments] == [0, 1]
        lab.controls.speed.value = 10
        await until(lambda: lab.game.step > 20)
        lab.pause()

    asyncio.run(play())


def test_the_time_axis_ends_near_the_newest_moment():
    lab = Playground(**SMALL)
    axis = lab.drawing._axes[0]
    for steps in (40, 7, 200):
        lab.advance(steps, every=steps)
        assert lab.game.step <= axis.get_xlim()[1] <= 1.2 * lab.game.step
    lab.reset()
    assert axis.get_xlim()[1] <= 20


def test_playing_trains_and_draws_until_the_pause():
    async def play():
        lab = Playground(**SMALL)
        first = picture(lab)
        lab.controls.play_button.click()
        assert lab.controls.play_button.description == "Pause"
        await until(lambda: lab.game.step > 20)
        lab.controls.play_button.click()
        step, frame = lab.game.step, lab.picture.value
        # Nothing of a frame is left over: not one more step, not one more picture.
        await asyncio.sleep(0.3)
        assert (lab.game.step, lab.picture.value) == (step, frame)
        assert lab.controls.play_button.description == "Play"
        assert not np.array_equal(picture(lab), first)
        assert lab.frames_per_second > 0

    asyncio.run(play())


def test_a_setting_counts_while_it_plays():
    async def play():
        lab = Playground(**SMALL)
        lab.play()
        await until(lambda: lab.game.step > 5)
        lab.controls.settings["generator_rate"].value = 0.01
        lab.controls.settings["loss"].value = "hinge"
        lab.controls.settings["data"].value = "two moons"
        assert lab.game.settings.generator_rate == pytest.approx(0.01)
        assert lab.game.settings.loss == "hinge"
        step = lab.game.step
        await until(lambda: lab.game.step > step)
        assert lab.game.distribution is DISTRIBUTIONS["two moons"]
        lab.pause()

    asyncio.run(play())


def test_a_game_that_was_played_hands_on_what_is_compiled(monkeypatch):
    built = []
    build = engine.Engine._build_network
    monkeypatch.setattr(
        engine.Engine, "_build_network", lambda *each: built.append(each[1]) or build(*each)
    )
    first = Playground("line", seed=11, **SMALL).advance(3)
    counted = len(built)
    second = Playground("line", seed=11, **SMALL).advance(3)
    assert len(built) == counted, "the second game needs no networks of its own"
    # Neither knows of the other: the first goes on as if it were alone.
    assert same(generator(first.advance(2)), generator(second.advance(2)))


def test_two_players_at_once_do_not_mix():
    async def play():
        first, second = Playground(**SMALL), Playground("line", seed=3, **SMALL)
        first.play()
        second.play()
        await until(lambda: min(first.game.step, second.game.step) > 30)
        first.pause()
        step = second.game.step
        await until(lambda: second.game.step > step)
        second.pause()
        step, expected = first.game.step, generator(first)
        first.close()
        alone = Playground(**SMALL)
        alone.game.train(step)
        assert same(expected, generator(alone))

    asyncio.run(play())


def test_a_click_from_another_thread_acts_in_the_thread_of_the_game():
    async def play():
        lab = Playground(**SMALL)
        threads = []
        step = lab.game.update_generator
        lab.game.update_generator = lambda: (threads.append(threading.get_ident()), step())
        await asyncio.to_thread(lab.controls.g_button.click)
        await until(lambda: lab.game.step == 1)
        assert threads == [threading.get_ident()]

    asyncio.run(play())


def test_a_broken_loss_stops_the_game_with_its_message_and_can_be_mended():
    broken = True

    def my_loss(fake_logits):
        if broken and fake_logits.shape[0] != 4:  # not yet where it is tried
            raise NameError("name 'ops' is not defined")
        return -ops.mean(fake_logits)

    async def play():
        lab = Playground(**SMALL)
        lab.play()
        await until(lambda: lab.game.step > 0)
        lab.use_loss(my_loss)
        assert lab.controls.settings["loss"].value == "yours"
        await until(lambda: not lab.playing)
        assert "name &#x27;ops&#x27; is not defined" in lab.problem.value
        return lab

    lab = asyncio.run(play())
    step = lab.game.step
    broken = False
    lab.use_loss(my_loss)
    lab.controls.both_button.click()
    assert lab.game.step == step + 1 and lab.problem.value == ""
    # A loss of the course, and back to the own one.
    lab.controls.settings["loss"].value = "hinge"
    assert lab.game.own_loss is None
    lab.controls.settings["loss"].value = "yours"
    assert lab.game.own_loss.generator is my_loss


def test_looking_back_pauses_and_shows_what_was():
    lab = Playground(**SMALL).advance(40, every=10)
    assert [moment.step for moment in lab.moments] == [0, 10, 20, 30, 40]
    assert lab.controls.history.max == lab.controls.history.value == 4
    newest = lab.picture.value
    lab.controls.history.value = 1
    assert "step 10" in lab.controls.counter.value and "stands at 40" in lab.controls.counter.value
    assert "after 10 updates" in lab.alt
    lab.controls.history.value = 4
    assert lab.picture.value == newest
    assert lab.game.step == 40


@pytest.mark.parametrize(
    "settings", [{}, {"dropout": 0.5, "noise": 0.5, "noise_steps": 30, "average": 0.9}]
)
def test_a_game_continues_from_a_moment_exactly_as_it_did_then(settings):
    lab = Playground(optimizer="SGD", **SMALL, **settings).advance(20, every=10)
    lab.change(optimizer="Adam", generator_rate=0.01)
    lab.advance(20, every=10)
    expected = generator(lab), lab.game.look().values
    lab.change(latents="uniform", loss="hinge", discriminator_steps=3)
    lab.advance(10)
    # Back over a change of settings, which are those of then, and on engines that others had.
    for step in (10, 30, 20):
        lab.continue_from(step)
        assert lab.moments[-1].step == lab.game.step == step == lab.game.discriminator_steps
        if step == 10:
            assert lab.game.settings.optimizer == lab.controls.settings["optimizer"].value == "SGD"
            lab.advance(10, every=10)
            lab.change(optimizer="Adam", generator_rate=0.01)
            lab.rest()
            Playground("line", **SMALL, **settings).advance(3).close()
            lab.advance(20, every=10)
        else:
            assert lab.game.settings.latents == "normal"
            lab.advance(40 - step, every=10)
        assert same(expected[0], generator(lab)) and lab.game.look().values == expected[1]
        assert [moment.step for moment in lab.moments][-1] == 40
    with pytest.raises(ValueError, match=r"15.*nearest.*10, 20;.* in all"):
        lab.continue_from(15)
    lab.change(data="line")
    with pytest.raises(ValueError, match="step 10"):
        lab.continue_from(10)


def test_the_button_continues_from_the_nearest_moment_that_is_kept(monkeypatch):
    lab = Playground(**SMALL)
    size = lab.game.standing().nbytes
    monkeypatch.setattr(record, "MOST_BYTES", 6 * size)
    lab.advance(40, every=2)
    kept = [standing for _, standing in lab.record._standings if standing is not None]
    assert len(kept) <= 6 and kept[0].step == 0 and kept[-1].step == 40
    button, note = lab.controls.continue_button, lab.controls.note
    assert button.disabled
    lab.controls.history.value = 7  # step 14; every fourth moment is kept
    assert not button.disabled
    button.click()
    assert lab.game.step == lab.moments[-1].step == 8 and button.disabled
    assert "from step 8" in note.value and "step 14" in note.value
    lab.advance(6, every=2)
    assert note.value == "" and [moment.step for moment in lab.moments] == list(range(0, 15, 2))
    lab.controls.history.value = 4
    button.click()
    assert "from step 8" in note.value and "kept" not in note.value


def test_the_record_stays_small_and_keeps_first_and_last(monkeypatch):
    monkeypatch.setattr(record, "MOST_MOMENTS", 6)
    lab = Playground(**SMALL)
    for _ in range(30):
        lab.step_both()
    steps = [moment.step for moment in lab.moments]
    assert len(steps) <= 7 and steps[0] == 0 and steps[-1] == 30
    gaps = np.diff(steps[:-1])
    # Evenly thinned: all gaps but the last are equal.
    assert len(set(gaps)) == 1


def test_a_filmstrip_shows_the_moments_that_are_asked_for():
    lab = Playground(**SMALL).advance(40, every=10)
    strip = lab.filmstrip(steps=[0, 19, 100, 22])
    # 19 and 22 are nearest to the same moment.
    assert [text.get_text() for text in strip.axes[0].texts] == ["step 0", "step 20", "step 40"]
    assert "after 40 updates" in strip.alt
    assert "after 20 updates" in lab.filmstrip(steps=[20]).alt
    assert strip.get_figwidth() * strip.dpi > 3 * 300
    # A fifth panel stands in a second row; the picture itself is as before.
    before = lab.draw()
    assert lab.filmstrip(5).get_figheight() > strip.get_figheight() + 3
    assert lab.draw() == before
    for steps, words in (([], "at least one"), ([-1], "at least 0"), ("ab", "steps")):
        with pytest.raises((TypeError, ValueError), match=words):
            lab.filmstrip(steps=steps)


def test_points_outside_the_plane_are_counted_in_words():
    lab = Playground(**SMALL)
    assert lab.drawing.outside.get_text() == ""
    far = replace(lab.moments[0], fake=lab.moments[0].fake + np.float16(3))
    lab.drawing.draw([far], 0)
    assert "of 256 generated points lie outside" in lab.drawing.outside.get_text()


def test_layers_can_be_hidden():
    lab = Playground(**SMALL).advance(5)
    shown = lab.picture.value
    pictures = {shown}
    for box in lab.controls.layers.values():
        box.value = False
        pictures.add(lab.picture.value)
    assert len(pictures) == 6
    for box in lab.controls.layers.values():
        box.value = True
    assert lab.picture.value == shown


def test_data_drawn_on_the_plane_is_played_on_at_once():
    async def play():
        lab = Playground(**SMALL)
        lab.controls.draw_button.value = True
        assert lab.picture.drawing
        points = [[0.5, 0.5], [-0.5, 0.0]]
        lab.picture.coordinates = points
        assert lab.playing and lab.game.distribution.centres.tolist() == points
        assert lab.controls.settings["data"].value == "your points"
        # Another stroke adds to them while it plays; after Clear the old ones are played on.
        lab.picture.coordinates = [*points, [1.0, 1.0]]
        await until(lambda: lab.game.step > 3)
        assert len(lab.game.distribution.centres) == 3
        lab.picture.coordinates = []
        assert lab.playing and len(lab.game.distribution.centres) == 3
        lab.picture.coordinates = [[1.0, 0.0]]
        assert len(lab.game.distribution.centres) == 1
        lab.pause()

    asyncio.run(play())


def test_the_square_to_draw_in_is_the_plane():
    lab = Playground(np.array([[-1.5, 1.5]]), **SMALL)
    left, top, right, bottom = (
        round(share * size)
        for share, size in zip(lab.picture.plane, (1000, 720, 1000, 720), strict=True)
    )
    frame = np.asarray(lab.draw().convert("L"))
    for x, y in ((left, top), (right, bottom)):
        assert frame[y - 1 : y + 2, x - 1 : x + 2].min() < 100, "the black corner of its frame"


def test_points_of_your_own_can_be_left_and_chosen_again():
    lab = Playground(np.array([[0.5, 0.5], [-0.5, 0.0]]), **SMALL)
    own = lab.game.distribution
    assert lab.controls.settings["data"].value == own.name
    lab.controls.settings["data"].value = "line"
    assert lab.game.distribution is DISTRIBUTIONS["line"]
    lab.controls.settings["data"].value = own.name
    assert lab.game.distribution is own


def test_a_run_begins_the_same_way_however_it_is_started(uncompiled):
    lab = Playground(**SMALL)
    lab.advance(3)
    for name in ("two islands", "one latent number", "finds it and loses it"):
        lab.start_preset(name)
        other = Playground(preset=name)
        lab.game.train(2)
        other.game.train(2)
        assert same(generator(lab), generator(other))
        assert lab.controls.story.value
        assert lab.controls.settings["data"].value == PRESETS[name].settings.data
        other.close()


def test_a_value_outside_its_control_is_kept(uncompiled):
    lab = Playground(**SMALL)
    lab.change(generator_rate=1e-6, seed=77)
    assert lab.game.settings.generator_rate == 1e-6
    assert lab.controls.settings["generator_rate"].value == pytest.approx(1e-6)
    assert lab.game.settings.seed == lab.controls.settings["seed"].value == 77
    lab.change(width=12)
    assert lab.game.settings.width == lab.controls.settings["width"].value == 12


def test_an_own_loss_takes_the_other_half_from_the_loss_that_was_set():
    lab = Playground(loss="Wasserstein, clipped", **SMALL)
    lab.use_loss(lambda fake_logits: -ops.mean(fake_logits))
    own = lab.game.own_loss
    assert own.clip == LOSSES["Wasserstein, clipped"].clip
    assert lab.game.settings.loss == "Wasserstein, clipped"
    lab.controls.settings["loss"].value = "hinge"
    lab.controls.settings["loss"].value = "yours"
    assert lab.game.own_loss is own


def test_a_game_that_begins_again_has_a_record_of_its_own(uncompiled):
    lab = Playground(**SMALL)
    lab.step_discriminator(5)
    for change in ({"seed": 4}, {"width": 12}):
        lab.change(**change)
        assert len(lab.moments) == 1
        assert lab.moments[0].discriminator_steps == 0
        lab.step_discriminator(5)
    lab.step_generator(5)
    # The others go on with the same game.
    lab.change(latents="uniform")
    assert [moment.step for moment in lab.moments[-2:]] == [5, 5]


def test_after_a_failure_the_game_goes_on_with_a_new_record():
    lab = Playground(**SMALL).advance(10)
    lab.use_loss(lambda logits: ops.mean(logits) if logits.shape[0] == 4 else 1 / 0)
    lab.controls.reset_button.click()
    assert "division by zero" in lab.problem.value
    assert lab.moments and lab.still
    lab.controls.settings["loss"].value = "hinge"
    assert lab.problem.value == "" and lab.moments[-1].step == 0
    lab.controls.both_button.click()
    assert [moment.step for moment in lab.moments][-1] == 1
    assert max(moment.step for moment in lab.moments) == 1


def test_a_loss_that_forgets_the_mean_is_an_error_of_the_cell():
    with pytest.raises(ValueError, match="return one number"):
        Playground(generator_loss=lambda fake_logits: -fake_logits, **SMALL)


def test_a_size_is_changed_beside_the_loop_and_pause_need_not_wait():
    async def play():
        lab = Playground(**SMALL)
        lab.play()
        await until(lambda: lab.game.step > 5)
        lab.controls.settings["width"].value = 16
        assert lab.controls.counter.value.startswith("building")
        lab.controls.play_button.click()
        assert not lab.playing and lab.controls.play_button.description == "Play"
        await until(lambda: not lab.player.building)
        assert lab.game.settings.width == lab.controls.settings["width"].value == 16
        assert lab.game.generator.layers[0].units == 16
        assert len(lab.moments) == 1 and "step 0" in lab.controls.counter.value
        assert not lab.playing

    asyncio.run(play())


def test_an_interrupt_in_the_middle_of_an_action_pauses_too():
    async def play():
        lab = Playground(**SMALL)
        lab.play()

        def interrupt():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            lab.player.do(interrupt, at_once=True)
        assert not lab.playing and lab.controls.play_button.description == "Play"

    asyncio.run(play())


def test_it_pauses_when_nobody_can_see_it_any_more():
    async def play():
        lab, other = Playground(**SMALL), Playground(**SMALL)
        for each in (lab, other):
            each.play()
        await until(lambda: lab.game.step > 5)
        lab._view_count = 1
        lab._view_count = 0
        other.close()
        assert not lab.playing and not other.playing

    asyncio.run(play())


def test_once_closed_it_leaves_what_is_compiled_to_the_next_and_can_still_go_on():
    lab, straight = Playground(**SMALL), Playground(**SMALL)
    for each in (lab, straight):
        each.advance(3)
    engine = lab.game._engine
    lab.close()
    lab.close()
    assert Playground(**SMALL).game._engine is engine
    for each in (lab, straight):
        each.advance(3)
    np.testing.assert_array_equal(lab.moments[-1].fake, straight.moments[-1].fake)


def test_the_run_is_named_until_something_is_changed(uncompiled):
    name = next(iter(PRESETS))
    lab = Playground(preset=name)
    assert (
        lab.run == lab.controls.preset.value == name
        and PRESETS[name].question in lab.controls.story.value
    )
    assert name in lab.filmstrip(2).alt
    lab.change(generator_rate=0.01)
    assert lab.run is None and lab.controls.preset.value == controls.NO_RUN
    assert name not in lab.filmstrip(2).alt
    other = Playground(preset=name, generator_rate=0.01)
    assert other.run is None and other.game.settings.generator_rate == 0.01


def test_without_a_front_end_a_still_picture_with_words_remains():
    lab = Playground(**SMALL).advance(10)
    data, metadata = lab._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == lab.alt
    assert "ring of 8 after 10 updates" in lab.alt
    assert Image.open(io.BytesIO(lab.still)).size == (1000, 720)
    assert len(lab.still) < 150_000


def test_what_was_refused_is_not_shown_as_set(uncompiled):
    lab = Playground(generator=build_point_generator(latent_dim=3, width=4), **SMALL)
    lab.run = "my own game"
    before = lab.game.settings
    lab.controls.preset.value = "one latent number"
    assert "latent_dim=1" in lab.problem.value and lab.game.settings == before
    assert lab.controls.preset.value == controls.NO_RUN and lab.run == "my own game"
    # A run that says nothing of the latents is played with those that there are.
    lab.controls.preset.value = "too small"
    assert lab.problem.value == "" and lab.run == lab.controls.preset.value == "too small"
    assert (lab.game.settings.width, lab.game.settings.latent_dim) == (4, 3)


def test_settings_that_your_own_networks_would_not_use_are_refused(uncompiled):
    own = {"generator": build_point_generator(), "discriminator": build_point_discriminator()}
    lab = Playground(**own).step_both()
    before = lab.game.settings
    for settings in ({"dropout": 0.3}, {"width": 4}, {"packed": 2}):
        words = rf"{next(iter(settings))}="
        with pytest.raises(ValueError, match=words):
            Playground(**own, **settings)
        with pytest.raises(ValueError, match=words):
            lab.change(**settings)
        assert lab.game.settings == before and lab.game.step == len(lab.moments) - 1 == 1
    with pytest.raises(ValueError, match="width=4"):
        lab.start_preset("too small")


def test_what_does_not_fit_is_an_error_of_the_cell():
    with pytest.raises(ValueError, match="ring of 8"):
        Playground("spiral")
    with pytest.raises(ValueError, match="no run"):
        Playground(preset="nothing")
    lab = Playground(**SMALL)
    with pytest.raises(RuntimeError, match="advance"):
        lab.play()
    with pytest.raises(ValueError, match="every"):
        lab.advance(10, every=-5)
    with pytest.raises(ValueError, match="count"):
        lab.filmstrip(1)
    for wrong in ({"seed": -1}, {"width": 1.5}, {"colour": "red"}):
        before = lab.game.settings
        with pytest.raises(ValueError, match=next(iter(wrong))):
            lab.change(**wrong)
        assert lab.game.settings == before
