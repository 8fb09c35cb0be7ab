"""css/tokens.css: every colour that is read stands out from what it is read on, day and night."""

from __future__ import annotations

import re

import pytest

from frontend.build.paths import STATIC

TOKENS = (STATIC / "css" / "tokens.css").read_text("utf-8")
DARK = re.search(r"prefers-color-scheme: dark\) \{(.*?)\n\}", TOKENS, re.DOTALL)[1]
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
THEMES = {
    "light": dict(COLOUR.findall(TOKENS.replace(DARK, ""))),
    "dark": {**dict(COLOUR.findall(TOKENS.replace(DARK, ""))), **dict(COLOUR.findall(DARK))},
}
PAPERS = ("paper", "paper-sunk", "paper-raised", "accent-wash")
READ = [
    *((ink, paper) for ink in ("ink", "ink-soft", "accent") for paper in PAPERS),
    *(("alert", paper) for paper in ("paper", "paper-sunk", "paper-raised", "alert-wash")),
    *((ink, "alert-wash") for ink in ("ink", "ink-soft")),
    ("accent-ink", "accent"),
]
"""Text, and what it may stand on."""
SEEN = [
    *(("accent", paper) for paper in PAPERS),
    *(("rule-strong", paper) for paper in ("paper", "paper-sunk", "paper-raised")),
]
"""Edges that say where something can be pressed or written, and the ring of the focus."""


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "paper"), READ)
def test_text_stands_out(theme: str, ink: str, paper: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[ink], colours[paper]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "paper"), SEEN)
def test_edges_that_matter_stand_out(theme: str, edge: str, paper: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[edge], colours[paper]) >= 3


def test_each_theme_has_every_colour() -> None:
    assert len(THEMES["light"]) >= 12
    assert set(dict(COLOUR.findall(DARK))) == set(THEMES["light"])


def test_no_other_stylesheet_names_a_colour() -> None:
    named = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|color-mix)\(", re.IGNORECASE)
    for sheet in sorted((STATIC / "css").glob("*.css")):
        if sheet.name != "tokens.css":
            rules = re.sub(r"^\s*[#\w].*\{|/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.M)
            assert not named.findall(rules), sheet.name
