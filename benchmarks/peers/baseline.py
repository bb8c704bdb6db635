"""The plain baseline: the five nearest passages of 200 words, one prompt, one reply, without any framework."""

from collections.abc import Callable, Sequence

import faiss
import protocol
from llama_cpp import Llama
from protocol import Article, Question, Reply
from sentence_transformers import SentenceTransformer

WORDS = 200  # about what MiniLM reads, 256 tokens
PASSAGES = 5
PROMPT = """Answer the question from the passages, in one or two sentences. Cite each passage you use by its number, as [1].
If the passages do not answer the question, write: The passages do not say.

{passages}

Question: {question}"""


class Baseline:
    """Dense search over passages of equal length, then a prompt."""

    package = "llama-cpp-python"
    deviations = protocol.COMMON

    def __init__(self, model: str, embedder: str) -> None:
        """Load the embedder and the generator."""
        self.embedder = SentenceTransformer(embedder, device="cpu")
        self.model = Llama(
            model, n_ctx=4096, n_threads=protocol.THREADS, n_threads_batch=protocol.THREADS, verbose=False
        )
        self.passages: list[tuple[str, str]] = []

    def index(self, articles: Sequence[Article]) -> None:
        """Cut each article into passages and keep their vectors."""
        for article in articles:
            words = article.headed.split(" ")
            starts = range(0, len(words), WORDS)
            self.passages += [(article.id, " ".join(words[start : start + WORDS])) for start in starts]
        vectors = self.embedder.encode([text for _, text in self.passages], normalize_embeddings=True)
        self.vectors = faiss.IndexFlatIP(vectors.shape[1])
        self.vectors.add(vectors)

    def search(self, question: Question, count: int) -> list[tuple[str, str]]:
        """The nearest passages with the ids of their articles."""
        vector = self.embedder.encode([question.question], normalize_embeddings=True)
        return [self.passages[row] for row in self.vectors.search(vector, count)[1][0] if row >= 0]

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The articles of the nearest passages."""
        return [article for article, _ in self.search(question, count)]

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Ask the model with the nearest passages before it."""
        found = self.search(question, PASSAGES)
        numbered = "\n\n".join(f"[{number}] {text}" for number, (_, text) in enumerate(found, start=1))
        prompt = PROMPT.format(passages=numbered, question=question.question)
        stream = self.model.create_chat_completion(
            [{"role": "user", "content": prompt}], temperature=0, max_tokens=protocol.TOKENS, stream=True
        )
        text = protocol.join((piece["choices"][0]["delta"].get("content") or "" for piece in stream), shown)
        return Reply(text, protocol.cited(text, found))


if __name__ == "__main__":
    protocol.main(Baseline)
