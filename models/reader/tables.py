"""Made-up tables as passages for the reader: a cell is found by its row and its column."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from models.generator.stories import MONTHS, NAME_ENDS, TOWN_ENDS, World
from models.reader.examples import find

LARGEST, SMALLEST = 8, 3  # rows
ASKED, LEFT_OPEN = 3, 1  # questions to one table
OTHER_ROW = 0.5  # how often a question left open is about a row that is missing, rather than a column


@dataclass(frozen=True)
class Kind:
    """What a table is about: its rows, its columns, and the questions for each column."""

    title: str
    rows: str  # town, person, club, firm or month
    columns: tuple[tuple[str, str], ...]  # heading, question with {row}


KINDS = (
    Kind(
        "Guests and beds in the region",
        "town",
        (
            ("Guests", "How many guests did {row} have?"),
            ("Beds", "How many beds are there in {row}?"),
            ("Hotels", "What is the number of hotels in {row}?"),
            ("Camping places", "How many camping places does {row} have?"),
        ),
    ),
    Kind(
        "What the stations measured",
        "month",
        (
            ("Rain in millimetres", "How much rain fell in {row}?"),
            ("Hours of sun", "How many hours of sun were there in {row}?"),
            ("Days of frost", "On how many days of {row} was there frost?"),
            ("Warmest day in degrees", "How warm was the warmest day of {row}?"),
        ),
    ),
    Kind(
        "The largest firms and their staff",
        "firm",
        (
            ("Staff", "How many people work for {row}?"),
            ("Apprentices", "How many apprentices does {row} have?"),
            ("Sales in millions", "What were the sales of {row}, in millions?"),
            ("Founded", "When was {row} founded?"),
        ),
    ),
    Kind(
        "How the candidates did",
        "person",
        (
            ("Votes", "How many votes did {row} get?"),
            ("Votes last time", "How many votes had {row} won the last time?"),
            ("Age", "How old is {row}?"),
            ("Spent on posters", "How much did {row} spend on posters?"),
        ),
    ),
    Kind(
        "Schools compared",
        "town",
        (
            ("Pupils", "How many pupils are there in {row}?"),
            ("Teachers", "How many teachers does the school of {row} have?"),
            ("Classes", "How many classes are there in {row}?"),
            ("Failed", "How many pupils failed in {row}?"),
        ),
    ),
    Kind(
        "Members of the clubs",
        "club",
        (
            ("Members", "How many members does {row} have?"),
            ("Teams", "How many teams does {row} enter?"),
            ("Fee", "What is the fee at {row}?"),
            ("Founded", "Since when has {row} existed?"),
        ),
    ),
)


def table_examples(world: World) -> Iterator[dict]:
    """One table with questions for some of its cells, and some that it leaves open."""
    rng = world.rng
    kind = rng.choice(KINDS)
    shown = rng.sample(kind.columns, rng.choice((2, 3, 3)))
    rows = [row_name(kind.rows, world) for _ in range(rng.randrange(SMALLEST, LARGEST + 1))]
    rows = list(dict.fromkeys(rows))
    cells = {(row, heading): cell(heading, world) for row in rows for heading, _ in shown}
    text, places = written([heading for heading, _ in shown], rows, cells, rng)
    passage = {"title": kind.title, "text": text, "row": "table"}
    for row, (heading, question) in rng.sample([(r, c) for r in rows for c in shown], ASKED):
        asked, (start, end) = question.format(row=row), places[row, heading]
        if find(text[start:end], asked) < 0:
            yield {**passage, "question": cased(asked, rng), "answer": [start, end]}
    for _ in range(LEFT_OPEN):
        if rng.random() < OTHER_ROW:
            row, question = row_name(kind.rows, world), rng.choice(shown)[1]
        else:
            row, question = rng.choice(rows), rng.choice([column for column in kind.columns if column not in shown])[1]
        if find(row, text) < 0 or question not in [asked for _, asked in shown]:
            yield {**passage, "question": cased(question.format(row=row), rng), "answer": None}


def row_name(kind: str, world: World) -> str:
    """What stands at the head of a row."""
    if kind == "month":
        return world.rng.choice(MONTHS)
    if kind == "person":
        return f"{world.rng.choice(world.forenames)} {world.name(NAME_ENDS)}"
    return world.name(TOWN_ENDS if kind == "town" else NAME_ENDS)


def cell(heading: str, world: World) -> str:
    """A value for a column."""
    if heading == "Founded":
        return str(world.rng.randrange(1850, 2024))
    return str(world.rng.randrange(18, 90)) if heading == "Age" else world.number()


def written(
    headings: list[str], rows: list[str], cells: dict[tuple[str, str], str], rng: random.Random
) -> tuple[str, dict[tuple[str, str], tuple[int, int]]]:
    """A table as plain text has it, and where its cells stand."""
    before, between, after = rng.choice((("| ", " | ", " |"), ("", "\t", ""), ("", "   ", ""), ("", "; ", "")))
    text = before + between.join(["", *headings] if before else [rng.choice(("Name", "")), *headings]) + after
    places = {}
    for row in rows:
        text += f"\n{before}{row}"
        for heading in headings:
            text += between
            places[row, heading] = (len(text), len(text) + len(cells[row, heading]))
            text += cells[row, heading]
        text += after
    return text, places


def cased(question: str, rng: random.Random) -> str:
    """A question as it is, or as people type it."""
    return question.rstrip("?").lower() if rng.random() < 0.15 else question
