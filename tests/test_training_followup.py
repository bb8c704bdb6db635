"""The conversations that follow-ups are fitted and measured on."""

import json
from pathlib import Path

import pytest

from models.followup.train import read
from models.reader.written import articles
from qa.evaluate.scores import content_f1
from qa.retrieval.followup import standalone_question

FOLDER = Path(__file__).parent.parent / "models" / "followup"


@pytest.mark.parametrize(("name", "held_out"), [("conversations", False), ("held_out", True)])
def test_what_is_asked_and_replied_stands_in_the_articles(name: str, held_out: bool) -> None:
    """Of those that are held out, where the conversation is."""
    texts: dict[str, str] = {}
    for one in articles(held_out=held_out):
        texts[one["title"]] = f"{texts.get(one['title'], '')} {one['text']}"
    everything = " ".join(texts.values())
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        talk = json.loads(line)
        assert talk["answerable"] == bool(talk["answers"])
        assert all(answer in texts[talk["headline"]] for answer in talk["answers"])
        replies = [turn["content"] for turn in talk["history"] if turn["role"] == "assistant"]
        assert replies and all(reply.removesuffix(" [1]") in everything for reply in replies)


def test_held_out_follow_ups_come_closer_to_what_a_person_would_ask() -> None:
    """Most share more content words with the person's question than as they were asked; the shipped weights."""
    rows = read((FOLDER / "held_out.jsonl").read_text(encoding="utf-8").splitlines(), "held out")
    asked = [row for row in rows if "held out, standalone" not in row["kinds"]]
    closer = [
        row
        for row in asked
        if content_f1(standalone_question(row["question"], row["history"]), row["rewrite"])
        > content_f1(row["question"], row["rewrite"])
    ]
    assert len(asked) > 100 and len(closer) > 0.75 * len(asked)
