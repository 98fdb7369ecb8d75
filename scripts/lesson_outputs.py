"""What lessons store, for the programs that turn them into pages."""

import nbformat


def alt_text(output: nbformat.NotebookNode) -> str | None:
    """The words of an output that is shown as a PNG picture; None for every other output."""
    data = output.get("data", {})
    # Markup, where there is some, is shown instead and brings its own words.
    if "image/png" not in data or "text/html" in data:
        return None
    return output.metadata["image/png"]["alt"]
