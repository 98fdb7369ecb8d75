"""Every failure of lesson 4 and every remedy, with several seeds: the number, and who is cured."""

from gan_helpers.clinic import FAILURES, count_digits, measure, train_digits, train_namer, treat
from gan_helpers.data import load_mnist, to_model_range

DIGIT_STEPS = 900


def show(seeds: int) -> None:
    for name, failure in FAILURES.items():
        print(f"{name}: {failure.unit}; sick up to {failure.sick}, healthy from {failure.healthy}")
        print(f"    {'seed':30} {''.join(f'{seed:7}' for seed in range(seeds))}   healthy")
        for remedy in (None, *failure.remedies):
            numbers = [measure(name, treat(name, remedy, seed)) for seed in range(seeds)]
            cured = sum(number >= failure.healthy for number in numbers)
            label = remedy or "as it is"
            print(
                f"    {label:30} {''.join(f'{number:7.2f}' for number in numbers)}"
                f"   {cured} of {seeds}",
                flush=True,
            )
    show_digits(seeds)


def show_digits(seeds: int) -> None:
    images, labels = load_mnist("train")
    images = to_model_range(images)
    namer = train_namer(images, labels)
    print(f"digits: effective classes of 10 after {DIGIT_STEPS} steps")
    for label, rate in (("D's rate a twentieth of G's", 1e-4), ("equal rates", 2e-3)):
        generators = [train_digits(images, 2e-3, rate, DIGIT_STEPS, seed) for seed in range(seeds)]
        found = [count_digits(namer, generator)[1] for generator in generators]
        print(f"    {label:30} {''.join(f'{number:7.2f}' for number in found)}", flush=True)
