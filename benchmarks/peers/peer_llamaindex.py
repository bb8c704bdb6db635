"""LlamaIndex: the CitationQueryEngine of its documentation, with its llama.cpp and Hugging Face integrations."""

from collections.abc import Callable, Sequence

import protocol
from llama_index.core import Document, Settings, VectorStoreIndex, set_global_tokenizer
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.llms.llama_cpp import LlamaCPP
from protocol import Article, Question, Reply

SYSTEM = ChatMessage(role="system", content="You are a helpful AI assistant named SmolLM, trained by Hugging Face")


def messages_to_prompt(messages: Sequence[ChatMessage]) -> str:
    """The messages as the template of the GGUF has them; the integration does not take it from there."""
    given = messages if messages[0].role.value == "system" else [SYSTEM, *messages]
    turns = [f"<|im_start|>{message.role.value}\n{message.content}<|im_end|>\n" for message in given]
    return "".join(turns) + "<|im_start|>assistant\n"


def completion_to_prompt(completion: str) -> str:
    """One user's message in the model's format."""
    return messages_to_prompt([ChatMessage(role="user", content=completion)])


class LlamaIndex:
    """``VectorStoreIndex.from_documents`` and ``CitationQueryEngine.from_args``."""

    package = "llama-index-core"
    deviations = (
        *protocol.COMMON,
        "the template of the GGUF is written out and its tokenizer set, as the integration asks for",
        "context window 8192, the model's; chunks of 1024 tokens, three of them, cited in chunks of 512, as in its "
        "example; the embedder reads the first 256 tokens of each",
        "streaming=True, a documented option",
    )

    def __init__(self, model: str, embedder: str) -> None:
        """Load both models into the library's settings."""
        Settings.embed_model = HuggingFaceEmbedding(model_name=embedder, device="cpu")
        llm = LlamaCPP(
            model_path=model,
            temperature=0.0,
            max_new_tokens=protocol.TOKENS,
            context_window=8192,
            model_kwargs={"n_threads": protocol.THREADS, "n_threads_batch": protocol.THREADS},
            messages_to_prompt=messages_to_prompt,
            completion_to_prompt=completion_to_prompt,
            verbose=False,
        )
        Settings.llm = llm
        set_global_tokenizer(lambda text: llm._model.tokenize(text.encode(), add_bos=False, special=True))

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
