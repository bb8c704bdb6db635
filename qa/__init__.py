"""Newsdesk: ask your articles.

    import qa

    desk = qa.open("my-library")
    desk.index("articles/")
    answer = desk.ask("How much will the terminal cost?")
    print(answer.text, answer.citations)

Reading order: types, errors, settings; language, articles, library, retrieval, answering; keeping and chat, which join them; cli.
Importing this loads no model and no machine-learning library.
"""

import os
from collections.abc import Mapping, Sequence

from qa.chat import Desk
from qa.errors import InputError, LibraryError, ModelError, QAError
from qa.settings import Settings, library_path, load_settings
from qa.types import Answer, Article, Citation, Hit, Message, Sentence, SyncReport

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Article",
    "Citation",
    "Desk",
    "Hit",
    "InputError",
    "LibraryError",
    "Message",
    "ModelError",
    "QAError",
    "Sentence",
    "Settings",
    "SyncReport",
    "ask",
    "open",
]


def open(path: str | os.PathLike[str] | None = None, model: str | None = None, embedder: str | None = None) -> Desk:
    """A desk over the library at ``path``, else QA_LIBRARY, else ./.qa, with models as the settings name them.

    Nothing is read or loaded before it is needed; ``index`` makes the library where there is none.
    """
    from qa.answering.choice import make_generator
    from qa.answering.reader import PassageReader
    from qa.library.embedded import recorded_embedder
    from qa.library.restore import finish_restore
    from qa.retrieval.embedder import DEFAULT, SentenceEmbedder

    folder = library_path(path)
    finish_restore(folder)  # the settings may still be those of before
    settings = load_settings(folder, model=model, embedder=embedder)

    def made() -> SentenceEmbedder:
        recorded = recorded_embedder(folder)[1] if settings.embedder == Settings().embedder else settings.embedder
        return SentenceEmbedder(recorded or DEFAULT, settings.threads)

    return Desk(
        folder,
        settings,
        embedder=made,
        reader=PassageReader,
        generator=lambda: make_generator(settings),
    )


def ask(
    question: str,
    history: Sequence[Message | Mapping[str, str]] = (),
    since: str | None = None,
    until: str | None = None,
    today: str | None = None,
) -> Answer:
    """Ask the default library; see ``Desk.ask``."""
    return open().ask(question, history, since, until, today)
