"""Make training examples for the claim checker: a stretch of an article, a sentence that it says, and one it does not.

    python -m models.support.examples DATA_FOLDER EXAMPLES_FOLDER OUT_FOLDER

Five sources. claims/*.txt: for every article of the reader's written news, pairs of a sentence that it supports and one
that it does not (see the model card). The questions of that news, each with its answer as the one, and with another answer
of the article that is of the same kind as the other. Sentences of the open sets' paragraphs (DATA_FOLDER, as for the
reader), word for word, and with a name, a number or a negation exchanged. And of the reader's examples (EXAMPLES_FOLDER)
twisted questions, with the answer of what they were made from, and open ones, with an answer of another question.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.reader import written
from models.reader.examples import NAME, split_rows
from models.reader.train import load
from qa.answering.kinds import asked_kind, is_of_kind
from qa.language.sentences import sentence_spans
from qa.language.words import content_stems
from qa.retrieval.passages import split_passages

CLAIMS = Path(__file__).parent / "claims"
NARROW, WIDE = 110, 260  # words: a passage of the product, and what a claim on more than one is held against
HELD = 0.85  # of the words of the supported claim that the article has, how many must stand in a narrow stretch
ANSWERS, SENTENCES, TWISTED, OPEN = 1000, 1500, 2500, 2500  # pairs of the other sources
NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may)\b(?! not\b)")
SHORTEST, LONGEST = 8, 40  # words of a sentence that becomes a claim


def read_claims(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Pairs of a supported and an unsupported sentence by the headline of their article. Raises ValueError."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    for file in sorted(folder.glob("*.txt")):
        for block in ("\n" + file.read_text(encoding="utf-8")).split("\n# ")[1:]:
            head, *lines = [line for line in block.split("\n") if line.strip()]
            signs = "".join(line[:2] for line in lines)
            if signs != "+ - " * (len(lines) // 2):
                raise ValueError(f"{file.name}: the claims on {head!r} are not pairs of + and -")
            title = re.sub(r"^\d{4}-\d\d-\d\d ", "", head)
            pairs[title] = [(plus[2:], minus[2:]) for plus, minus in zip(lines[::2], lines[1::2], strict=True)]
    return pairs


def stretch(said: str, text: str) -> str:
    """The stretch of a text that holds what a supported claim says: a narrow one where one does, else a wide one."""
    asked = set(content_stems(said))
    held = asked & set(content_stems(text))
    for width in (NARROW, WIDE):
        cuts = [text[span.start : span.end] for span in split_passages(text, width, 1)]
        best = max(cuts, key=lambda cut: len(asked & set(content_stems(cut))))
        if len(asked & set(content_stems(best))) >= HELD * len(held):
            break
    return best


def written_pairs(held_out: bool) -> Iterator[dict]:
    """Every pair that was written."""
    claims = read_claims(CLAIMS / "held_out" if held_out else CLAIMS)
    for article in written.articles(held_out):
        for said, unsaid in claims.get(article["title"], []):
            yield example("written", said, unsaid, article["title"], stretch(said, article["text"]))


def answer_pairs(articles: Sequence[dict], rng: random.Random) -> Iterator[dict]:
    """A question with its answer, and with another answer of its article of the kind that is asked for."""
    for article in articles:
        answers = [article["text"][slice(*place)] for _, place in article["asked"] if place]
        for question, place in article["asked"]:
            kind = asked_kind(question)
            right = article["text"][slice(*place)] if place else None
            others = [a for a in answers if kind and a != right and is_of_kind(kind, a)]
            if others and right is not None:
                said, unsaid = (as_claim(question, a) for a in (right, rng.choice(others)))
                yield example("answers", said, unsaid, article["title"], stretch(said, article["text"]))


def twisted_pairs(examples: Sequence[dict]) -> Iterator[dict]:
    """A question and its twist, by turns in the examples, each with the answer of the former."""
    for asked, twist in zip(examples[::2], examples[1::2], strict=True):
        answer = asked["text"][slice(*asked["answer"])]
        said, unsaid = (as_claim(one["question"], answer) for one in (asked, twist))
        yield example("twisted", said, unsaid, asked["title"], asked["text"])


def open_pairs(examples: Sequence[dict], rng: random.Random) -> Iterator[dict]:
    """A question that its passage leaves open, with an answer of another one to it that is of its kind, and that one."""
    answers: dict[str, list[dict]] = {}
    for one in examples:
        if one["answer"]:
            answers.setdefault(one["text"], []).append(one)
    for one in examples:
        others = [] if one["answer"] else answers.get(one["text"], [])
        kind = asked_kind(one["question"])
        fitting = [o for o in others if kind is None or is_of_kind(kind, o["text"][slice(*o["answer"])])]
        if fitting:
            other = rng.choice(fitting)
            answer = one["text"][slice(*other["answer"])]
            said, unsaid = (as_claim(asked["question"], answer) for asked in (other, one))
            yield example("open", said, unsaid, one["title"], one["text"])


def as_claim(question: str, answer: str) -> str:
    """A question with its answer behind it."""
    return f"{question} {answer[:1].upper()}{answer[1:]}."


def asked_of_their_own(examples: Sequence[dict]) -> list[dict]:
    """Without the questions that another passage answers: those are too far from this one to be learned from."""
    elsewhere = {one["row"] for one in examples if one["answer"]}
    return [one for one in examples if one["answer"] or one["row"] not in elsewhere]


def sentence_pairs(rows: Sequence[dict], rng: random.Random) -> Iterator[dict]:
    """A sentence of each paragraph, as it is and changed so that the paragraph does not say it."""
    paragraphs = {p["text"].strip(): p["title"] or "" for row in rows for p in row["passages"]}
    for text, title in paragraphs.items():
        [cut, *_] = [text[s.start : s.end] for s in split_passages(text, NARROW, 1)]
        sentences = [cut[s.start : s.end] for s in sentence_spans(cut)]
        fitting = [s for s in sentences if SHORTEST <= len(s.split()) <= LONGEST]
        sentence = rng.choice(fitting) if fitting else ""
        changed = [_exchanged(sentence, text, rng, years) for years in (False, True)]
        changed.append(VERB.sub(lambda found: f"{found.group()} not", sentence, count=1))
        changed = [made for made in changed if made not in ("", sentence)]
        if changed:
            yield example("sentences", sentence, rng.choice(changed), title, cut)


def _exchanged(sentence: str, text: str, rng: random.Random, figures: bool) -> str:
    """A sentence with a name, or a figure, exchanged for another of its text; empty where there is none."""
    pattern = NUMBER if figures else NAME
    found = [match for match in pattern.finditer(sentence) if figures or not match.group()[0].isdigit()]
    named = {match.group() for match in pattern.finditer(text) if figures or not match.group()[0].isdigit()}
    others = sorted(named - {match.group() for match in found})
    if not found or not others:
        return ""
    match = rng.choice(found)
    return f"{sentence[: match.start()]}{rng.choice(others)}{sentence[match.end() :]}"


def example(kind: str, said: str, unsaid: str, title: str, text: str) -> dict:
    """A line of the file."""
    return {"kind": kind, "said": said, "unsaid": unsaid, "title": title, "text": text}


def main() -> None:
    """Write train.jsonl and held-out.jsonl."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    rng, rows = random.Random(0), split_rows(arguments.data, random.Random(0))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for part, share in (("train", 1.0), ("held-out", 0.1)):
        held_out = part == "held-out"
        ending, first = ("-held-out", "held-out") if held_out else ("", "train")
        twisted, left_open, sets = (
            load(arguments.examples / f"{name}.jsonl") for name in (f"twisted{ending}", f"left-open{ending}", first)
        )
        examples = list(written_pairs(held_out))
        for drawn, most in (
            (list(answer_pairs(written.articles(held_out), rng)), ANSWERS),
            (list(sentence_pairs(rows[part], rng)), SENTENCES),
            (list(twisted_pairs(twisted)), TWISTED),
            (list(open_pairs([*left_open, *asked_of_their_own(sets)], rng)), OPEN),
        ):
            examples += rng.sample(drawn, min(len(drawn), round(most * share)))
        rng.shuffle(examples)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in examples)
        (arguments.out / f"{part}.jsonl").write_text(text, encoding="utf-8")
        print(f"{part}: {len(examples)} pairs")


if __name__ == "__main__":
    main()
