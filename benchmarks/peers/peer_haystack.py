"""Haystack: the retrieval-augmented pipeline of its first tutorial, with its AnswerBuilder for [n]."""

from collections.abc import Callable, Sequence

import protocol
from haystack import Document, Pipeline
from haystack.components.builders import AnswerBuilder, ChatPromptBuilder
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.generators.llama_cpp import LlamaCppChatGenerator
from protocol import Article, Question, Reply

TEMPLATE = """Given the following information, answer the question. Cite the documents you use by their numbers, as [1].

Context:
{% for document in documents %}
[{{ loop.index }}] {{ document.content }}
{% endfor %}

Question: {{question}}
Answer:"""


class Haystack:
    """Split, embed, store in memory; then embedder, retriever, prompt, generator and answer in one pipeline."""

    package = "haystack-ai"
    deviations = (
        *protocol.COMMON,
        "asked in the prompt to cite [n]; AnswerBuilder resolves it, with the pattern of its example",
        "cosine similarity; articles are split by DocumentSplitter with its defaults (200 words); the tutorial's texts are short",
    )

    def __init__(self, model: str, embedder: str) -> None:
        """Load the models and connect the pipeline."""
        self.store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        self.documents = SentenceTransformersDocumentEmbedder(model=embedder, progress_bar=False)
        self.question = SentenceTransformersTextEmbedder(model=embedder, progress_bar=False)
        self.retriever = InMemoryEmbeddingRetriever(self.store)
        chat = LlamaCppChatGenerator(
            model=model,
            model_kwargs={"n_threads": protocol.THREADS, "n_threads_batch": protocol.THREADS, "verbose": False},
            generation_kwargs={"max_tokens": protocol.TOKENS, "temperature": 0.0},
            streaming_callback=self.streamed,
        )
        self.shown: Callable[[], None] = lambda: None
        prompt = ChatPromptBuilder([ChatMessage.from_user(TEMPLATE)], required_variables="*")
        answers = AnswerBuilder(reference_pattern=r"\[(\d+)\]")
        self.pipeline = Pipeline()
        named = {"embedder": self.question, "retriever": self.retriever, "prompt": prompt, "chat": chat, "out": answers}
        for name, component in named.items():
            self.pipeline.add_component(name, component)
        for start, end in (
            ("embedder.embedding", "retriever.query_embedding"),
            ("retriever.documents", "prompt.documents"),
            ("prompt.prompt", "chat.messages"),
            ("chat.replies", "out.replies"),
            ("retriever.documents", "out.documents"),
        ):
            self.pipeline.connect(start, end)
        self.pipeline.warm_up()
        self.documents.warm_up()

    def streamed(self, chunk: StreamingChunk) -> None:
        """Note the first piece of a reply."""
        if chunk.content.strip():
            self.shown()

    def index(self, articles: Sequence[Article]) -> None:
        """Split, embed and store."""
        whole = [Document(content=article.headed, meta={"article_id": article.id}) for article in articles]
        parts = DocumentSplitter().run(documents=whole)["documents"]
        self.store.write_documents(self.documents.run(documents=parts)["documents"])

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The articles of the nearest documents."""
        vector = self.question.run(text=question.question)["embedding"]
        found = self.retriever.run(query_embedding=vector, top_k=count)["documents"]
        return [document.meta["article_id"] for document in found]

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Run the pipeline."""
        self.shown = shown
        asked = question.question
        given = {
            "embedder": {"text": asked},
            "prompt": {"question": asked},
            "out": {"query": asked},
        }
        answer = self.pipeline.run(given)["out"]["answers"][0]
        return Reply(answer.data, [(found.meta["article_id"], found.content) for found in answer.documents])


if __name__ == "__main__":
    protocol.main(Haystack)
