"""The script draws the run that it names, from its first step to its last."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

from gan_helpers.playground import PRESETS, Settings

from PIL import Image

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "make_playground_gif.py"


def test_it_writes_the_run_as_an_animation(tmp_path, monkeypatch, capsys, uncompiled):
    script = runpy.run_path(str(SCRIPT))
    run = script["RUN"]
    shorter = replace(PRESETS[run], steps=20, settings=Settings(width=4, hidden_layers=1))
    monkeypatch.setitem(PRESETS, run, shorter)
    monkeypatch.setitem(script["main"].__globals__, "FRAMES", 3)
    monkeypatch.setattr(
        sys, "argv", ["make_playground_gif.py", "--output", str(tmp_path / "a.gif")]
    )
    script["main"]()
    assert list(script["spread_steps"](2000)) == [0, 707, 2000]
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.size) == (3, (640, 461))
    assert "3 frames" in capsys.readouterr().out
