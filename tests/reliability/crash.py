"""R1: killed at any moment, a change leaves the old state or the new one, and a repeat finishes it."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qa.errors import LibraryError
from tests.reliability import made
from tests.reliability.calls import recorded, strike
from tests.reliability.figure import Effort, Figure, skipped, spread
from tests.reliability.keeping import struck_changes
from tests.reliability.process import DONE, Job, fork, run, why_no_strace
from tests.reliability.scenarios import Scenario, answers, naive_scenario

PROMISE = "killed at any system call or moment of a change, a library is in its old or its new state"


@dataclass(slots=True)
class Tally:
    """What was found after each strike."""

    states: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # where, and what
    slowest: float = 0.0  # seconds from opening a library that was struck to the answers of five searches

    def look(self, scenario: Scenario, folder: Path, where: str) -> None:
        """Note a folder's state, and whether the same change, made again, ends as if nothing had been."""
        began = time.monotonic()
        state = scenario.found(folder)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.states.append(state)
        if state not in ("old", "new"):
            self.faults.append(f"{where}: {state}")
        elif scenario.name != "naive":
            scenario.change(folder)
            if scenario.found(folder) != "new" or scenario.left(folder):
                self.faults.append(
                    f"{where}: a repeat ends in {scenario.found(folder)}, left over {scenario.left(folder)}"
                )


def gate(place: Path, effort: Effort) -> list[Figure]:
    """The figures for kills at calls, and for kills at random moments beside a reader."""
    if why := why_no_strace():
        return [skipped("R1", PROMISE, why)]
    changes = struck_changes(place, effort.changes)
    tally, control = Tally(), Tally()
    for scenario in changes:
        kill_at_calls(scenario, place, effort.calls, tally)
    kill_at_calls(naive_scenario(place), place, 1_000, control)
    figure = Figure(
        "R1",
        PROMISE,
        f"{len(tally.states)} kills at writes, syncs, renames, removals and truncations of {len(changes)} changes",
        f"{_found(tally)}; open and five searches at most {tally.slowest:.1f} s",
        f"{len(control.faults)} of {len(control.states)} mixed",
        not tally.faults and {"old", "new"} <= set(tally.states) and bool(control.faults) and tally.slowest <= 5,
    )
    searched = [scenario for scenario in changes if scenario.name != "backup"]  # what it changes is searched by nobody
    return [figure, _random_figure(place, searched, effort.random_kills)]


def kill_at_calls(scenario: Scenario, place: Path, most: int, tally: Tally) -> None:
    """Kill a change before each call with which it changes its folder."""
    folder = scenario.copy(place / "struck")
    calls = recorded(lambda: scenario.change(folder), folder, place / "log")
    for call in spread(calls, most):
        folder = scenario.copy(place / "struck")
        where = f"{scenario.name}, {call.name} {call.ordinal} of {Path(call.paths[-1]).name}"
        if run(lambda: scenario.change(folder), strike(call, "signal=SIGKILL")).status != -9:  # noqa: B023
            tally.faults.append(f"{where}: not reached")
        tally.look(scenario, folder, where)


def _random_figure(place: Path, scenarios: list[Scenario], kills: int) -> Figure:
    tally, draw, asked, wrong = Tally(), random.Random(0), 0, list[str]()
    lasting = {scenario.name: _seconds(scenario, place) for scenario in scenarios}
    for number in range(kills):
        scenario = scenarios[number % len(scenarios)]
        folder = scenario.copy(place / "struck")
        reader = _reader(folder, scenario)
        job = fork(lambda: scenario.change(folder))  # noqa: B023
        job.start()
        time.sleep(draw.uniform(0, lasting[scenario.name]))
        job.kill()
        job.end()
        reader.kill_by(place / "stop")
        asked += reader.asked
        wrong += reader.wrong
        tally.look(scenario, folder, f"{scenario.name}, random kill {number}")
    tally.faults += wrong
    return Figure(
        "R1",
        "the same at random moments, while another process goes on searching",
        f"{kills} kills, {asked} searches meanwhile",
        f"{_found(tally)}; {len(wrong)} answers of neither state",
        "as above",
        not tally.faults,
    )


def _found(tally: Tally) -> str:
    states = ", ".join(f"{tally.states.count(s)} {s}" for s in ("old", "new", "mixed", "unreadable"))
    return states + (f"; faults: {'; '.join(tally.faults[:5])}" if tally.faults else "")


def _seconds(scenario: Scenario, place: Path) -> float:
    folder = scenario.copy(place / "timed")
    return 1.1 * run(lambda: scenario.change(folder)).seconds


@dataclass(slots=True)
class Reader:
    """A process that searches a library until it is told to stop, and what it told."""

    job: Job
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def kill_by(self, flag: Path) -> None:
        """Stop it and take its report."""
        flag.touch()
        outcome = self.job.end()
        flag.unlink()
        if outcome.status == DONE or not outcome.message.startswith("asked "):
            self.wrong.append(f"the reader: {outcome.message}")
        else:
            count, *wrong = outcome.message.removeprefix("asked ").splitlines()
            self.asked, self.wrong = int(count), wrong


def _reader(folder: Path, scenario: Scenario) -> Reader:
    wanted = [None if state is None else list(state[1]) for state in (scenario.old, scenario.new)]
    flag = folder.parent / "stop"

    def search() -> None:
        asked, wrong, desk = 0, list[str](), made.desk_for(folder)
        while True:
            stopped = flag.exists()
            asked += len(made.SEARCHES)
            found = _answers(lambda: answers(desk))
            # Each search pins a state of its own, so the five may be of both.
            if not all(any(_one(state, at) == one for state in wanted) for at, one in enumerate(found)):
                wrong.append(f"{scenario.name}: {found}")
            if stopped:
                raise LibraryError("\n".join([f"asked {asked}", *wrong]))

    job = fork(search)
    job.start()
    return Reader(job)


def _answers(ask: Callable[[], list[tuple[tuple[str, int, int, float], ...]]]) -> list[tuple[object, ...]]:
    try:
        return list(ask())
    except LibraryError as error:
        if "there is no library" not in str(error):
            raise RuntimeError(str(error)) from error
        return [()] * len(made.SEARCHES)


def _one(state: list[tuple[object, ...]] | None, at: int) -> tuple[object, ...]:
    return () if state is None else state[at]
