"""Names of headings in links."""


def jupyter_anchor(title: str) -> str:
    """What Jupyter makes of a heading, so that the lessons' links work in both places."""
    return title.replace(" ", "-")
