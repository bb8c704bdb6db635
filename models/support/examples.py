"""Make training examples for the claim checker: a sentence, a stretch of an article, and whether that says it.

    python -m models.support.examples DATA_FOLDER OUT_FOLDER

Three sources. claims/*.txt: for every article of the reader's written news, pairs of a sentence that it supports and one
that it does not (see the model card). The questions of that news, each with its answer as one claim, and with another
answer of the article that is of the same kind as one that is not supported. And sentences of the open sets' paragraphs
(DATA_FOLDER, as for the reader), word for word, and with a name, a number or a negation exchanged.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.reader import written
from models.reader.examples import NAME, split_rows
from qa.answering.kinds import asked_kind, is_of_kind
from qa.language.sentences import sentence_spans
from qa.language.words import content_stems
from qa.retrieval.passages import split_passages

CLAIMS = Path(__file__).parent / "claims"
NARROW, WIDE = 110, 260  # words: a passage of the product, and as much as the checker reads at once
HELD = 0.85  # of the words of the supported claim that the article has, how many must stand in a narrow stretch
ANSWERS, SENTENCES = 5000, 5000  # claims of the second and the third source, of each as many supported as not
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


def stretches(supported: str, text: str) -> list[str]:
    """The stretches of a text that hold what a supported claim says: a wide one, and a narrow one where that does."""
    asked = set(content_stems(supported))
    held = asked & set(content_stems(text))
    chosen = []
    for width in (NARROW, WIDE):
        cuts = [text[span.start : span.end] for span in split_passages(text, width, 1)]
        best = max(cuts, key=lambda cut: len(asked & set(content_stems(cut))))
        if width == WIDE or len(asked & set(content_stems(best))) >= HELD * len(held):
            chosen.append(best)
    return list(dict.fromkeys(chosen))


def written_claims(held_out: bool) -> Iterator[dict]:
    """Every pair with each of its stretches."""
    claims = read_claims(CLAIMS / "held_out" if held_out else CLAIMS)
    for article in written.articles(held_out):
        for pair in claims.get(article["title"], []):
            for text in stretches(pair[0], article["text"]):
                for sentence, supported in zip(pair, (True, False), strict=True):
                    yield example("written", sentence, article["title"], text, supported)


def answer_claims(articles: Sequence[dict], rng: random.Random) -> Iterator[dict]:
    """A question with its answer, and with another answer of its article of the kind that is asked for."""
    for article in articles:
        answers = [article["text"][slice(*place)] for _, place in article["asked"] if place]
        for question, place in article["asked"]:
            kind = asked_kind(question)
            right = article["text"][slice(*place)] if place else None
            others = [a for a in answers if kind and a != right and is_of_kind(kind, a)]
            if not others or right is None:
                continue
            [text, *_] = stretches(f"{question} {right}", article["text"])
            for answer, supported in ((right, True), (rng.choice(others), False)):
                yield example(
                    "answers", f"{question} {answer[0].upper()}{answer[1:]}.", article["title"], text, supported
                )


def sentence_claims(rows: Sequence[dict], rng: random.Random) -> Iterator[dict]:
    """A sentence of each paragraph, as it is and changed so that the paragraph does not say it."""
    paragraphs = {p["text"].strip(): p["title"] or "" for row in rows for p in row["passages"]}
    for text, title in paragraphs.items():
        [cut, *_] = [text[s.start : s.end] for s in split_passages(text, NARROW, 1)]
        sentences = [cut[s.start : s.end] for s in sentence_spans(cut)]
        fitting = [s for s in sentences if SHORTEST <= len(s.split()) <= LONGEST]
        sentence = rng.choice(fitting) if fitting else ""
        changed = [_exchanged(pattern, sentence, text, rng) for pattern in (NAME, NUMBER)]
        changed.append(VERB.sub(lambda found: f"{found.group()} not", sentence, count=1))
        changed = [made for made in changed if made not in ("", sentence)]
        if changed:
            yield example("sentences", sentence, title, cut, True)
            yield example("sentences", rng.choice(changed), title, cut, False)


def _exchanged(pattern: re.Pattern[str], sentence: str, text: str, rng: random.Random) -> str:
    """A sentence with one thing of a kind exchanged for another of its text; empty where there is none."""
    found = [match for match in pattern.finditer(sentence)]
    others = sorted({m.group() for m in pattern.finditer(text)} - {match.group() for match in found})
    if not found or not others:
        return ""
    match = rng.choice(found)
    return f"{sentence[: match.start()]}{rng.choice(others)}{sentence[match.end() :]}"


def example(kind: str, claim: str, title: str, text: str, supported: bool) -> dict:
    """A line of the file."""
    return {"kind": kind, "claim": claim, "title": title, "text": text, "supported": supported}


def main() -> None:
    """Write train.jsonl and held-out.jsonl."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    rng, rows = random.Random(0), split_rows(arguments.data, random.Random(0))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for part, share in (("train", 1.0), ("held-out", 0.06)):
        held_out = part == "held-out"
        answers = list(answer_claims(written.articles(held_out), rng))
        sentences = list(sentence_claims(rows[part], rng))
        examples = list(written_claims(held_out))
        for drawn, most in ((answers, ANSWERS), (sentences, SENTENCES)):
            first = rng.sample(range(0, len(drawn), 2), min(len(drawn), int(most * share)) // 2)
            examples += [drawn[at + other] for at in first for other in (0, 1)]
        rng.shuffle(examples)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in examples)
        (arguments.out / f"{part}.jsonl").write_text(text, encoding="utf-8")
        print(f"{part}: {len(examples)} examples, {sum(e['supported'] for e in examples)} supported")


if __name__ == "__main__":
    main()
