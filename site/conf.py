"""How Sphinx builds the site; scripts/build_site.py prepares the pages and runs it."""

import sys
from pathlib import Path

project = "Generative adversarial networks"
language = "en"
# The second one brings MathJax, which Sphinx would load from a network.
extensions = ["myst_nb", "sphinx-mathjax-offline"]
exclude_patterns = ["README.md"]  # index.md shows parts of it

nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 3
sys.path.insert(0, str(Path(__file__).parent))
myst_heading_slug_func = "anchors.jupyter_anchor"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["style.css", "formulas.js"]
html_css_files = ["style.css"]
html_js_files = ["formulas.js"]
html_theme_options = {
    "navbar_persistent": [],  # the sidebar has the search
    "use_download_button": False,
    "use_fullscreen_button": False,
    "footer_content_items": [],
}
# Always light, as the grounds of the figures; style.css hides the switch.
html_context = {"default_mode": "light"}
html_copy_source = False
html_show_copyright = False
html_use_index = False
html_scaled_image_link = False
# The summaries are fetched page by page, which browsers refuse on a site opened from the disk.
html_show_search_summary = False
# MathJax's menu would load parts that the site leaves out, and make each formula a stop of Tab.
mathjax3_config = {"options": {"enableMenu": False}}
