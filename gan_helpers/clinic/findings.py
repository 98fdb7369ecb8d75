"""A finding, a report of them, and the table in which a check says what its finding means."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Finding", "Report", "Sign", "diagnose", "sign"]

CERTAIN, LIKELY, CAUTION = "certain", "likely", "caution"
CLINIC = "04_failure_clinic.ipynb"
VANISHING = f"{CLINIC}#Patient-B:-vanishing-gradients"
CROWD = f"{CLINIC}#Patient-A:-the-running-crowd"
STUCK = f"{CLINIC}#Patient-C:-stuck,-and-a-penalty-at-real-points"
NO_REST = f"{CLINIC}#Patient-D:-no-convergence,-first-on-paper"
BUGS = f"{CLINIC}#Six-quiet-bugs,-and-the-picture-of-each"
TABLE = WEAK = f"{CLINIC}#The-symptom-table"  # D too weak is an exercise
LOGITS = "03_dense_gan.ipynb#The-losses,-on-paper-and-in-code"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        name: a few words, always the same for the same thing.
        severity: "certain", "likely", or "caution" for what can be right in some games.
        measured: what was measured, with its numbers.
        meaning: what it means.
        remedy: what to try.
        section: the section of a lesson that teaches it, as a link from the folder of the lessons.
    """

    name: str
    severity: str
    measured: str
    meaning: str
    remedy: str
    section: str


class Report(Sequence[Finding]):
    """A list of findings, the surest first, that prints as text and shows as a table.

    Attributes:
        names: the names of the findings.
        checked: what was measured, one sentence each.
    """

    def __init__(self, findings: Sequence[Finding], checked: Sequence[str]) -> None:
        order = [CERTAIN, LIKELY, CAUTION]
        self._findings = sorted(findings, key=lambda finding: order.index(finding.severity))
        self.checked = list(checked)

    @property
    def names(self) -> list[str]:
        return [finding.name for finding in self]

    def __len__(self) -> int:
        return len(self._findings)

    def __getitem__(self, index: Any) -> Any:
        return self._findings[index]

    @property
    def _head(self) -> str:
        count = len(self)
        if count:
            return f"{count} finding{'s' if count > 1 else ''}"
        return "No finding. That does not prove that the game is good: look at pictures and measure"

    def __str__(self) -> str:
        lines = [f"{self._head}."]
        for number, each in enumerate(self, start=1):
            lines += [
                f"{number}. {each.name} ({each.severity})",
                f"   measured: {each.measured}",
                f"   meaning:  {each.meaning}",
                f"   try:      {each.remedy}",
                f"   read:     {each.section}",
            ]
        return "\n".join([*lines, "Measured:", *(f"   {line}" for line in self.checked)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">{}</td>'
        heads = "".join(
            f'<th scope="col">{head}</th>'
            for head in ("Finding", "How sure", "Measured", "Meaning", "What to try", "Lesson")
        )
        rows = []
        for each in self:
            texts = (each.severity, each.measured, each.meaning, each.remedy)
            link = html.escape(each.section, quote=True)
            title = html.escape(each.section.partition("#")[2].replace("-", " "))
            rows.append(
                f'<tr><th scope="row">{html.escape(each.name)}</th>'
                + "".join(cell.format(html.escape(text)) for text in texts)
                + cell.format(f'<a href="{link}">{title}</a>')
                + "</tr>"
            )
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.checked)
        return f"<p>{self._head}.</p>{table if rows else ''}<p>Measured:</p><ul>{items}</ul>"


@dataclass(frozen=True)
class Sign:
    """A check, what its finding says, and the findings that follow from it and are left out."""

    name: str
    severity: str
    section: str
    meaning: str
    remedy: str
    explains: tuple[str, ...]
    look: Callable[[Any], str | None]  # what was measured if the sign is there


def sign(
    table: list[Sign],
    name: str,
    severity: str,
    section: str,
    meaning: str,
    remedy: str,
    explains: str = "",
) -> Callable[[Callable[[Any], str | None]], Callable[[Any], str | None]]:
    """Enter the function below into a table."""

    def enter(look: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        left_out = tuple(explains.split(", "))
        table.append(Sign(name, severity, section, meaning, remedy, left_out, look))
        return look

    return enter


def diagnose(table: list[Sign], patient: Any) -> list[Finding]:
    found: list[tuple[Sign, str]] = []
    for sign in table:
        measured = sign.look(patient)
        if measured is not None:
            found.append((sign, measured))
        if found and found[0][0] is table[0]:  # of what is not finite, nothing else can be said
            break
    explained = {name for sign, _ in found for name in sign.explains}
    return [
        Finding(sign.name, sign.severity, measured, sign.meaning, sign.remedy, sign.section)
        for sign, measured in found
        if sign.name not in explained
    ]
