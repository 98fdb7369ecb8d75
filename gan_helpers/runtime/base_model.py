"""What the GAN needs of a Keras model and no lesson teaches: its state, its files, its batches."""

import abc
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from gan_helpers.runtime import quiet, replicas  # noqa: F401 - quiet before Keras

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["LARGEST_LOSS", "NO_VALIDATION", "BaseModel", "check_file", "copied", "is_finite"]

# A loss beyond this has exploded. Our choice: as a cross-entropy it would mean that the truth was
# given a probability of e^-10,000, and half-precision numbers end soon after, at 65,504.
LARGEST_LOSS = 1e4

NO_VALIDATION = (
    "A GAN has no validation loss: neither of its losses says how good the images are. Measure "
    "held-out images with callbacks.DistanceRecorder(test_images) instead."
)


class BaseModel(keras.Model):
    """A model of parts that are all built, whose whole state can be taken out and put back.

    Attributes:
        diverged_at: the first step of the epoch under way whose losses were not finite or above
            ``LARGEST_LOSS``; 0 if there was none.
        trackers: the means over the epoch by name.
    """

    train_function: Any  # Keras makes it
    generator: keras.Model
    ema_generator: keras.Model
    guard: Any  # whose ``look`` refuses a batch
    # Whether every batch was looked at before training began; None while ``fit`` does not run.
    values_known: bool | None = None

    @abc.abstractmethod
    def parts(self) -> Mapping[str, Any]:
        """All that training changes: name -> network, layer, optimizer, or list of variables.

        Raises:
            ValueError: if the model is not compiled, so that it has no optimizers yet.
        """

    def begin_measuring(self, measures: Iterable[str]) -> None:
        """Make a tracker for each measure, and what ``watch`` writes to; the model is then built.

        Args:
            measures: names of the means over the epoch.
        """
        self.trackers = {name: keras.metrics.Mean(name=name) for name in measures}
        self.diverged_at = self.add_weight(
            (), "zeros", "int64", trainable=False, name="diverged_at"
        )
        self.built = True
        self.look_at_weights()

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The ``trackers``, as Keras asks for them."""
        return list(self.trackers.values())

    def track(self, count: int | tf.Tensor, **measured: tf.Tensor | float) -> dict[str, tf.Tensor]:
        """Add what a step measured on ``count`` images to the trackers; return their means so far.

        A small last batch counts for as much as there is in it.
        """
        for name, tracker in self.trackers.items():
            tracker.update_state(ops.mean(ops.cast(measured[name], "float32")), count)
        return {name: replicas.loggable(each.result()) for name, each in self.trackers.items()}

    def watch(self, step: tf.Tensor, losses: Iterable[tf.Tensor | float]) -> None:
        """Keep the first step of the epoch at which a loss leaves its bounds."""
        sizes = ops.stack([ops.abs(ops.cast(loss, "float32")) for loss in losses])
        # Asked this way round, because every comparison with NaN is false.
        unsound = replicas.any_replica(ops.logical_not(ops.all(sizes <= LARGEST_LOSS)))
        first = ops.logical_and(self.diverged_at == 0, unsound)
        self.diverged_at.assign(ops.where(first, step, self.diverged_at))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Nothing is left to build, so weights can be saved at once."""

    def _maybe_symbolic_build(self, *arguments: Any, **options: Any) -> None:
        # Keras's own takes the first batch of a pass, to build layers that are not built yet. Here
        # all are, the batch would be lost, and pairs (images, labels) fail there between machines.
        pass

    def evaluate(self, *arguments: Any, **options: Any) -> None:
        """Refused: no loss of a GAN says how good its images are.

        Raises:
            NotImplementedError: always; the message says what to do instead.
        """
        raise NotImplementedError(f"evaluate is not for a GAN. {NO_VALIDATION}")

    test_on_batch = evaluate

    def make_train_function(self, force: bool = False) -> None:
        """As Keras makes it, but every batch is there, and looked at, before its step begins.

        Keras fetches a batch inside the step. Where a dataset ends there without having known its
        length, what needs no batch, such as an update of the generator, would run once more.
        """
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        step = self.train_function

        def look_and_step(iterator: Iterator) -> dict[str, tf.Tensor]:
            if self.values_known:
                return step(iterator)
            batches = list(itertools.islice(iterator, self.steps_per_execution))
            if not batches:
                self.guard.end()
                raise StopIteration
            for batch in batches:
                for part in self.distribute_strategy.experimental_local_results(batch):
                    self.guard.look(part)
            if self.values_known is None:  # train_on_batch
                self.follow_other_weights()
            logs = step(iter(batches))
            if self.values_known is None:
                self.look_at_weights()
            return logs

        self.train_function = look_and_step

    def make_predict_function(self, force: bool = False) -> None:
        """As Keras does, when ``predict`` begins."""
        self.follow_other_weights()
        super().make_predict_function(force)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """As Keras does."""
        if tf.executing_eagerly():
            self.follow_other_weights()
        return super().__call__(*arguments, **options)

    def look_at_weights(self) -> None:
        """Remember the weights of generator and average, as training left them, by their sums."""
        self._known_sums = self._sums()

    def follow_other_weights(self) -> None:
        """Begin the average anew if the generator was given other weights than training left it.

        ``gan.generator.load_weights`` changes one of the two; samples come from the other.
        """
        found = self._sums()
        generator, average = map(np.array_equal, found, self._known_sums)
        if average and not generator:
            self.ema_generator.set_weights(self.generator.get_weights())
            found = self._sums()
        self._known_sums = found

    def _sums(self) -> list[np.ndarray]:
        networks = (self.generator, self.ema_generator)
        return [np.array([weight.sum() for weight in each.get_weights()]) for each in networks]

    def save_weights(self, *arguments: Any, **options: Any) -> None:
        """As Keras does, with the average of the weights that the generator has."""
        self.follow_other_weights()
        super().save_weights(*arguments, **options)

    def save(self, filepath: str, *arguments: Any, **options: Any) -> None:
        """Write networks, weights, moments and steps, as ``keras.Model.save`` does.

        Random states are not kept: training that goes on draws other latents. ``CheckpointSaver``
        keeps those too.

        Raises:
            ValueError: if the file's name does not end in .keras.
        """
        check_file(filepath)
        self.follow_other_weights()
        super().save(filepath, *arguments, **options)

    def export(self, filepath: str, **options: Any) -> None:
        """Write the averaged generator for other programs, as ``keras.Model.export`` does."""
        self.follow_other_weights()
        self.ema_generator.export(filepath, **options)

    def get_config(self) -> dict[str, Any]:
        """What the model was made of, for ``save``."""
        return _given(self, type(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The model made of these."""
        return cls(**{name: _deserialized(part) for name, part in config.items()})

    def get_compile_config(self) -> dict[str, Any]:
        """What ``compile`` was given, for ``save``."""
        return _given(self, self.compile)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as before ``save``; Keras refuses a loss of your own that is not registered."""
        self.compile(**{name: _deserialized(part) for name, part in config.items()})

    def reset_metrics(self) -> None:
        """Forget what was measured; Keras calls this when an epoch begins."""
        super().reset_metrics()
        self.diverged_at.assign(0)

    @property
    def diverged(self) -> bool:
        """Whether a loss of this epoch left its bounds, or something in the state is not finite."""
        if int(self.diverged_at.numpy()):
            return True
        return not is_finite(map(ops.convert_to_numpy, self._named_variables().values()))

    def get_state(self) -> dict[str, np.ndarray]:
        """Copies of all that training changes, in NumPy's own types.

        Weights, averages, the optimizers' moments, the number of steps, and every random state.

        Raises:
            ValueError: if the model is not compiled, so that it has no optimizers yet.
        """
        return {
            # float32 holds every bfloat16 exactly.
            name: np.array(ops.convert_to_numpy(variable), dtype=_stored_dtype(variable))
            for name, variable in self._named_variables().items()
        }

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what ``get_state`` returned; learning rates stay as compiled.

        All is checked before anything changes.

        Raises:
            ValueError: if the model is not compiled, or the state is that of another architecture.
        """
        variables = self._named_variables()
        for name in sorted(variables.keys() | state.keys()):
            here, there = (
                f"{tuple(values[name].shape)} {_stored_dtype(values[name])}"
                if name in values
                else "missing"
                for values in (variables, state)
            )
            if here != there:
                raise ValueError(
                    f"The stored state is of another model: {name} is {there} there, {here} here. "
                    "Build and compile the model as it was then, or begin anew in another folder."
                )
        for name in variables.keys() - self.compiled_rates().keys():
            variables[name].assign(state[name])

    def compiled_rates(self) -> dict[str, float]:
        """The learning rates by their names in the state; a schedule has none there."""
        rates = [getattr(part, "learning_rate", None) for part in self.parts().values()]
        return {
            name: float(variable.numpy())
            for name, variable in self._named_variables().items()
            if any(variable is rate for rate in rates)
        }

    def _named_variables(self) -> dict[str, keras.Variable]:
        # Numbers, not names: Keras counts on, so the second model of a process has other names.
        return {
            f"{part}_{index:03}": variable
            for part, owner in self.parts().items()
            for index, variable in enumerate(getattr(owner, "variables", owner))
        }


def check_file(filepath: Any) -> None:
    """Refuse a file in which Keras cannot keep a GAN.

    Raises:
        ValueError: if its name does not end in .keras.
    """
    if not str(filepath).endswith(".keras"):
        raise ValueError(
            f"A GAN is saved to a file whose name ends in .keras, not to {filepath}. For the "
            "generator alone: model.ema_generator.save(...)."
        )


def copied(network: keras.Model) -> keras.Model:
    """A network of the same layers, with first weights of its own.

    Raises:
        ValueError: if Keras cannot copy one of the layers.
    """

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        # A Lambda has no weights, and Keras writes its function down as code.
        if isinstance(layer, keras.layers.Lambda):
            return layer
        return type(layer).from_config(layer.get_config())

    try:
        return keras.models.clone_model(network, clone_function=copy)
    except TypeError as error:
        raise ValueError(
            f"Keras cannot copy the generator for its average: {str(error).splitlines()[0]} Let "
            "layers of your own take **options, hand them to super().__init__, and tell their "
            "arguments in get_config."
        ) from error


def is_finite(arrays: Iterable[np.ndarray]) -> bool:
    """Whether every number of these arrays, such as a state's, is finite."""
    return all(np.isfinite(array).all() for array in arrays)


_deserialized = keras.saving.deserialize_keras_object


def _given(model: keras.Model, method: Callable) -> dict[str, Any]:
    """The arguments of a method that the model keeps under their names, as Keras writes them."""
    names = [name for name in inspect.signature(method).parameters if hasattr(model, name)]
    return {name: keras.saving.serialize_keras_object(getattr(model, name)) for name in names}


def _stored_dtype(values: keras.Variable | np.ndarray) -> str:
    dtype = keras.backend.standardize_dtype(values.dtype)
    return "float32" if dtype == "bfloat16" else dtype
