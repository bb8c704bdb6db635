"""Languages of texts, told from a few lines or left undecided."""

import pytest

from qa.articles.language import CHARACTERS, UNDECIDED, language_of

NEWS = {
    "en": "The harbour board of Hareid agreed on Monday to buy a new crane for the east quay, as the old one has stood still.",
    "de": "Der Hafenausschuss von Hareid beschloss am Montag, einen neuen Kran für den Ostkai zu kaufen, da der alte stillsteht.",
    "fr": "Le conseil du port de Hareid a décidé lundi d'acheter une nouvelle grue pour le quai est, car l'ancienne est à l'arrêt.",
    "es": "La junta del puerto de Hareid acordó el lunes comprar una nueva grúa para el muelle este, porque la vieja está parada.",
    "it": "Il consiglio del porto di Hareid ha deciso lunedì di comprare una nuova gru per la banchina est, perché la vecchia è ferma.",
    "nl": "Het havenbestuur van Hareid besloot maandag een nieuwe kraan voor de oostkade te kopen, omdat de oude stilstaat.",
    "sv": "Hamnstyrelsen i Hareid beslutade i måndags att köpa en ny kran till östra kajen, eftersom den gamla står stilla.",
    "pl": "Rada portu w Hareid postanowiła w poniedziałek kupić nowy dźwig na wschodnie nabrzeże, ponieważ stary stoi.",
    "ru": "Совет порта в понедельник решил купить новый кран для восточного причала.",
    "zh": "港口委员会星期一决定为东码头购买一台新起重机。",
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), NEWS.items(), ids=list(NEWS))
def test_a_sentence_of_news_is_told(code: str, text: str) -> None:
    """In capitals, too, and whatever follows far below."""
    assert language_of(text) == code
    assert language_of(text.upper()) == code
    assert language_of((text + " ") * (1 + CHARACTERS // len(text)) + NEWS["fr"] * 500) == code


@pytest.mark.parametrize(
    "text",
    ["", " \n", "281 million", "12.5 % 2031-04-02 1,200 3,400", "Edda Quist, Port Lindal, Hareid", "OK", "x" * 500, "\U0001f600" * 9]
    + ["https://post.example/ferry", "Table 1 | 12 | 14 | 2031", "\ud800\udfff", "\ufffd\ufffd\ufffd"],
)  # fmt: skip
def test_names_numbers_and_a_word_or_two_decide_nothing(text: str) -> None:
    """Rather none than a wrong one."""
    assert language_of(text) == UNDECIDED
