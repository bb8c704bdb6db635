"""LlamaIndex: the CitationQueryEngine of its documentation, with its llama.cpp and Hugging Face integrations."""

from collections.abc import Callable, Sequence

import protocol
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.llms.llama_cpp import LlamaCPP
from protocol import Article, Question, Reply


def messages_to_prompt(messages: Sequence[ChatMessage]) -> str:
    """The messages in the model's format, ChatML; the integration does not take it from the GGUF."""
    turns = [f"<|im_start|>{message.role.value}\n{message.content}<|im_end|>\n" for message in messages]
    return "".join(turns) + "<|im_start|>assistant\n"


def completion_to_prompt(completion: str) -> str:
    """One user's message in the model's format."""
    return messages_to_prompt([ChatMessage(role="user", content=completion)])


class LlamaIndex:
    """``VectorStoreIndex.from_documents`` and ``CitationQueryEngine.from_args``."""

    package = "llama-index-core"
    deviations = (
        *protocol.COMMON,
        "the prompt format, ChatML, is written out, as the integration asks for",
        "context window 3900, chunks of 1024 tokens, three of them, cited in chunks of 512, as in its example",
        "streaming=True, a documented option",
    )

    def __init__(self, model: str, embedder: str) -> None:
        """Load both models into the library's settings."""
        Settings.embed_model = HuggingFaceEmbedding(model_name=embedder, device="cpu")
        Settings.llm = LlamaCPP(
            model_path=model,
            temperature=0.0,
            max_new_tokens=protocol.TOKENS,
            context_window=3900,
            model_kwargs={"n_threads": protocol.THREADS, "n_threads_batch": protocol.THREADS},
            messages_to_prompt=messages_to_prompt,
            completion_to_prompt=completion_to_prompt,
            verbose=False,
        )

    def index(self, articles: Sequence[Article]) -> None:
        """Make the index and the engine over it."""
        documents = [
            Document(
                text=article.headed,
                metadata={"article_id": article.id},
                excluded_embed_metadata_keys=["article_id"],
                excluded_llm_metadata_keys=["article_id"],
            )
            for article in articles
        ]
        self.vectors = VectorStoreIndex.from_documents(documents)
        self.engine = CitationQueryEngine.from_args(
            self.vectors, similarity_top_k=3, citation_chunk_size=512, streaming=True
        )

    def retrieve(self, question: Question, count: int) -> list[str]:
        """The articles of the nearest chunks."""
        nodes = self.vectors.as_retriever(similarity_top_k=count).retrieve(question.question)
        return [node.metadata["article_id"] for node in nodes]

    def answer(self, question: Question, shown: Callable[[], None]) -> Reply:
        """Query the engine; its source nodes are numbered from 1, as the text cites them."""
        response = self.engine.query(question.question)
        text = protocol.join(response.response_gen, shown)
        sources = [(node.metadata["article_id"], node.get_text()) for node in response.source_nodes]
        return Reply(text, protocol.cited(text, sources))


if __name__ == "__main__":
    protocol.main(LlamaIndex)
