"""The script writes one number beside each part of the screenshot, which it leaves as it is."""

import runpy
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "make_controls_picture.py"


def test_it_numbers_the_parts_and_leaves_the_screenshot(tmp_path, monkeypatch, capsys):
    script = runpy.run_path(str(SCRIPT))
    Image.new("RGB", (1068, 1032), "#0072B2").save(tmp_path / "shot.png")
    files = [str(tmp_path / "shot.png"), "--output", str(tmp_path / "numbered.png")]
    monkeypatch.setattr(sys, "argv", ["make_controls_picture.py", *files])
    script["main"]()
    picture = np.asarray(Image.open(tmp_path / "numbered.png").convert("RGB"))
    margin = script["MARGIN"]
    assert (picture[:, margin:-margin] == (0, 0x72, 0xB2)).all()
    for side, top, bottom in script["PARTS"]:
        part = picture[top:bottom, :margin] if side == "left" else picture[top:bottom, -margin:]
        assert (part < 128).any()
    assert "9 parts" in capsys.readouterr().out
