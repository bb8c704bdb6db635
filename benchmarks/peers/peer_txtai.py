"""txtai: an embeddings database and the RAG pipeline over it, with txtai's own reference for each answer."""

from collections.abc import Callable, Sequence
from typing import Any

import protocol
from protocol import Article, Question, Reply
from txtai import LLM, RAG, Embeddings
from txtai.pipeline import Segmentation

SYSTEM = "You are a friendly assistant. You answer questions from users."
TEMPLATE = """
Answer the following question using only the context below. Only include information specifically discussed.

question: {question}
context: {context}
"""


class Txtai:
    """Paragraphs in ``Embeddings(content=True)``, then ``RAG(output="reference")``."""

    package = "txtai"
    deviations = (
        *protocol.COMMON,
        "the model is passed as a function that streams, to time the first token; RAG resolves the reference after it",
        "the passages are paragraphs; its quick start leaves the choice to a text extractor",
        "no [n] is asked for: the passage that txtai gives as the reference counts as cited",
    )

    def __init__(self, model: str, embedder: str) -> None:
        """Load both models and make the pipeline."""
        llm = LLM(model, n_threads=protocol.THREADS, n_threads_batch=protocol.THREADS)
        self.shown: Callable[[], None] = lambda: None
        self.passages: list[tuple[str, str]] = []

        def generate(prompts: Sequence[Any], **options: Any) -> list[str]:
            """Answer each prompt, streaming."""
            streams = (llm(prompt, maxlength=protocol.TOKENS, stream=True, temperature=0.0) for prompt in prompts)
            return [protocol.join(stream, self.shown) for stream in streams]

        self.embeddings = Embeddings(path=embedder, content=True, gpu=False)
        self.rag = RAG(self.embeddings, generate, system=SYSTEM, template=TEMPLATE, output="reference")

    def index(self, articles: Sequence[Article]) -> None:
        """Index the paragraphs of the articles."""
        split = Segmentation(paragraphs=True)
        self.passages = [(article.id, text) for article in articles for text in split(article.headed)]
        self.embeddings.index((row, text, None) for row, (_, text) in enumerate(self.passages))

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The articles of the nearest paragraphs."""
        return [self.passages[int(found["id"])][0] for found in self.embeddings.search(question.question, count)]

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Run the pipeline."""
        self.shown = shown
        result = self.rag(question.question)
        reference = result["reference"]
        return Reply(result["answer"], [] if reference is None else [self.passages[int(reference)]])


if __name__ == "__main__":
    protocol.main(Txtai)
