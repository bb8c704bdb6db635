"""R9: where the disk is full, nothing is lost, one line says so, and with space the same command works."""

from pathlib import Path

from tests.reliability.calls import REMOVING, recorded, strike
from tests.reliability.figure import Effort, Figure, counted, skipped, spread
from tests.reliability.keeping import struck_changes
from tests.reliability.process import BROKEN, DONE, run, why_no_strace
from tests.reliability.scenarios import Scenario, naive_scenario

PROMISE = (
    "with no space at any write or sync, a change ends with one line, and a library is in its old or its new state"
)


def gate(place: Path, effort: Effort) -> list[Figure]:
    """No space at one call, or from that call on."""
    if why := why_no_strace():
        return [skipped("R9", PROMISE, why)]
    ends: list[str] = []
    for scenario in struck_changes(place, effort.changes):
        ends += starved(scenario, place, effort.calls)
    control = starved(naive_scenario(place), place, 1_000)
    bad = [end for end in ends if end not in ("refused, old", "refused, new", "done, new")]
    lost = sum(end.endswith(("mixed", "unreadable")) for end in control)
    return [
        Figure(
            "R9",
            PROMISE,
            f"{len(ends)} calls, by turns once and for good",
            counted(sorted(ends)),
            f"{lost} of {len(control)} mixed or unreadable",
            not bad and "refused, old" in ends and bool(lost),
        )
    ]


def starved(scenario: Scenario, place: Path, most: int) -> list[str]:
    """How a change ends, and in which state its folder is, when each of its calls finds no space."""
    folder = scenario.copy(place / "struck")
    calls = [
        call
        for call in recorded(lambda: scenario.change(folder), folder, place / "log")
        if call.name not in REMOVING and call.result >= 0  # to remove needs no space
    ]
    ends = []
    for number, call in enumerate(spread(calls, most)):
        folder = scenario.copy(place / "struck")
        outcome = run(lambda: scenario.change(folder), strike(call, "error=ENOSPC", onward=bool(number % 2)))  # noqa: B023
        end = "done" if outcome.status == DONE else "broken" if outcome.status == BROKEN else _said(outcome.message)
        state = scenario.found(folder)
        if scenario.name != "naive" and state in ("old", "new"):
            scenario.change(folder)
            if scenario.found(folder) != "new" or scenario.left(folder):
                state += (
                    f", not finished by a repeat ({scenario.name}, {call.name} {call.ordinal}: {scenario.left(folder)})"
                )
        if (end, state) not in (("refused", "old"), ("refused", "new"), ("done", "new")) and scenario.name != "naive":
            where = f"{scenario.name}, {call.name} {call.ordinal} of {Path(call.paths[-1]).name}"
            state += f" at {where}: {outcome.message.strip().splitlines()[-1:]}"
        ends.append(f"{end}, {state}")
    return ends


def _said(message: str) -> str:
    clear = "no space is left" in message or "that its disk has space" in message
    return "refused" if clear and "\n" not in message else f"unclear: {message}"
