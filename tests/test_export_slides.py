import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_deck_keeps_every_picture_with_its_alt_text():
    script = runpy.run_path(str(ROOT / "scripts" / "export_slides.py"))
    deck = script["export"](ROOT / "notebooks" / "01_adversarial_game.ipynb")
    images = re.findall(r"<img [^>]*>", deck)
    assert len(images) >= 10
    for image in images:
        assert re.search(r'alt="[^"]{20,}"', image), image[:200]
        assert 'src="data:image/' in image, image[:200]
    assert deck.count("<section") >= 20
