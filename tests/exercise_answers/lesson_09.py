"""Right and wrong answers to the exercises of lesson 9."""

SETUP = """
import numpy as np
"""


def logit(expression: str) -> str:
    return f"projection_logit = lambda h, y, w, table: {expression}"


def agreement(expression: str) -> str:
    return f"""
def agreement_by_class(asked, named):
    classes = range(asked.max() + 1)
    return {expression}
"""


def encoder(expression: str) -> str:
    return f"encode_caption = lambda caption, vocabulary: {expression}"


ANSWERS = {
    "q1": {
        "starter": "def projection_logit(features, labels, weights, table):\n    return ...",
        "correct": [
            logit("((w + table[y]) * h).sum(axis=1)"),
            logit("h @ w + np.einsum('nd,nd->n', h, table[y])"),
        ],
        "wrong": {
            logit("h @ w"): "label is never used",
            logit("(h * table[y]).sum(axis=1)"): "a fake of the right class",
            logit("(h @ w)[:, None] + h @ table.T"): "with every class",
            logit("h @ w + h @ table[y].T"): "of all others",
            logit("(h @ w) * (h * table[y]).sum(axis=1)"): "add them",
            logit("h @ w - (h * table[y]).sum(axis=1)"): "the numbers differ",
            logit("(h @ w).mean()"): "shape ()",
        },
    },
    "q2": {
        "starter": "def agreement_by_class(asked, named):\n    return ...",
        "correct": [
            agreement("[np.mean(named[asked == k] == k) for k in classes]"),
            agreement("np.bincount(asked, asked == named) / np.bincount(asked)"),
        ],
        "wrong": {
            agreement("[(asked[named == k] == k).mean() for k in classes]"): "was named",
            agreement("[((named == k) & (asked == k)).sum() for k in classes]"): "are counts",
            agreement("[((named == k) & (asked == k)).mean() for k in classes]"): "all images",
            agreement("[100 * (named[asked == k] == k).mean() for k in classes]"): "per cent",
            agreement("(asked == named).mean()"): "miss the tenth",
            agreement("[0.5, 0.5, 0.5]"): "for three classes",
        },
    },
    "q3": {
        "starter": "def encode_caption(caption, vocabulary):\n    return ...",
        "correct": [
            encoder("np.array([vocabulary.index(word) for word in caption.split()])"),
            """
def encode_caption(caption, vocabulary):
    numbers = {word: number for number, word in enumerate(vocabulary)}
    return [numbers[word] for word in caption.split()]
""",
        ],
        "wrong": {
            encoder("[vocabulary.index(w) + 1 for w in caption.split()]"): "count from 1",
            encoder("[i for i, w in enumerate(vocabulary) if w in caption.split()]"): "who chases",
            encoder("[5 - vocabulary.index(w) for w in caption.split()]"): "expected is",
            encoder(
                "[vocabulary.index(w) for w in caption.split() if w in vocabulary]"
            ): "taught it 'mouse'",
            """
def encode_caption(caption, vocabulary):
    if not set(caption.split()) <= set(vocabulary):
        raise ValueError("unknown word")
    return [vocabulary.index(word) for word in caption.split()]
""": "does not say which",
        },
    },
}
