"""Measure Puntual beside its rivals: `make bench`, or `QUICK=1 make bench` in a fifth of it."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

from tests.support.paths import ROOT
from training.project import ARTIFACTS
from training.release.artifacts import replace

from . import fit
from .chart import chart
from .contender import Contender, Server, contenders, logging_contenders
from .load import Load, Void, find_wrk, load
from .question import Question, Questions
from .results import MEASURES, Machine, Results
from .table import figures, insert, summary, targets

HELLO: Final = Question(b'{"flights":[]}', b'{"predict":[0]}')  # what "hello world" says to all
WARM_UP: Final = 3  # times that each request is sent before a run, after all possible flights
COMMANDS: Final = {"puntual": ("-m", "training", "--help"), "typer": ("-c", "import typer")}
OUT: Final = ARTIFACTS / "bench"
README: Final = ROOT / "README.md"


class Traffic(NamedTuple):
    """Requests that are sent over and over, and the measure of how often they are answered.

    Each connection sends a batch of its own, or all send the same single flight.
    """

    measure: str
    connections: int
    flights: int = 1
    timed: bool = False
    thorough: bool = False  # with CPU time, by every floor, and by the servers that write a log


TRAFFIC: Final = (
    Traffic("one", 1, thorough=True),
    Traffic("four", 4, thorough=True),
    Traffic("single", 100, thorough=True),
    Traffic("timed", 100, timed=True),
    Traffic("thousand", 4, flights=1_000),
    Traffic("ten_thousand", 4, flights=10_000),
)


@dataclass(frozen=True)
class Plan:
    """How often and how long is measured."""

    starts: int
    rounds: int
    seconds: int
    weighings: int
    rows: tuple[tuple[str, int, int], ...]  # a measure, its flights, and how often

    def steps(self, contenders: int) -> int:
        """Return the number of steps of the whole run."""
        fits = sum(times for _, _, times in self.rows)
        served = contenders * (self.starts + 1 + self.weighings)
        return served + self.starts + self.rounds * len(TRAFFIC) + fits


FULL: Final = Plan(16, 8, 2, 2, (("fit_68k", 68_206, 3), ("fit_10m", 10_000_000, 1)))
QUICK: Final = Plan(3, 1, 3, 1, (("fit_68k", 68_206, 1),))


class Bench:
    """One run, contender after contender for each figure, so that all meet the same machine."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self._plan = plan
        self._contenders = contenders()
        self._logging = logging_contenders()
        self._questions = Questions()
        self._proven_once: set[Contender] = set()
        self._progress = progress
        self.doing = ""
        self._task = progress.add_task("", total=plan.steps(len(self._contenders)))
        titles = {name: each.title for name, each in self._contenders.items()}
        cores = os.cpu_count() or 0
        machine = Machine(cores, platform.machine(), platform.python_version())
        self.results = Results(machine, titles)

    def run(self) -> Results:
        """Measure everything; raise `Void` where an answer was not the right one."""
        self._start_all()
        self._weigh_all()
        self._load_all()
        for measure, rows, times in self._plan.rows:
            for _ in range(times):
                self._tell(f"training on {rows:,} flights")
                for name, seconds in fit.measure(fit.flights(rows)).items():
                    self.results.add(measure, name, seconds)
        return self.results

    def _start_all(self) -> None:
        for number in range(self._plan.starts + 1):  # the first one warms the disk's cache
            for contender in _turns(self._contenders.values(), number):
                self._tell(f"cold start of {contender.title}")
                taken = self._start(contender)
                if number:
                    self.results.add("cold_start", contender.name, taken * 1e3)
        for number in range(self._plan.starts):
            self._tell("cold start of the command line")
            for name in [*COMMANDS][:: 1 if number % 2 else -1]:
                self.results.add("help", name, self._run(COMMANDS[name]) * 1e3)

    def _weigh_all(self) -> None:
        """Weigh each server alone: what processes share of a library counts in part for each."""
        for number in range(self._plan.weighings):
            for contender in _turns(self._contenders.values(), number):
                self._tell(f"memory of {contender.title}")
                self.results.add("size", contender.name, contender.size() / 1e6)
                with ExitStack() as stack:
                    server = self._proven(stack, contender)
                    for traffic in TRAFFIC:
                        if contender.answers or traffic.thorough:
                            self._loaded(contender, server, traffic, number)
                    self.results.add("memory", contender.name, server.memory() / 1e6)

    def _load_all(self) -> None:
        for number in range(self._plan.rounds):
            with ExitStack() as stack:
                servers, logging = (
                    [(each, self._proven(stack, each)) for each in group.values()]
                    for group in (self._contenders, self._logging)
                )
                for turn, traffic in enumerate(TRAFFIC, number):
                    self._tell(f"round {number + 1}, {MEASURES[traffic.measure].title}")
                    for contender, server in _turns(servers, turn):
                        if contender.answers or traffic.thorough:
                            self._load(contender, server, traffic, number)
                    for contender, server in _turns(logging, turn) if traffic.thorough else ():
                        seen = self._loaded(contender, server, traffic, number)
                        rate = seen.requests / seen.seconds
                        self.results.add(f"{traffic.measure}_log", contender.name, rate)

    def _tell(self, doing: str) -> None:
        self.doing = doing
        self._progress.update(self._task, advance=1, description=doing)

    def _start(self, contender: Contender) -> float:
        question = self._questions.single(0) if contender.answers else HELLO
        start = time.perf_counter()
        with contender.serving() as server:
            server.ask(question)
            return time.perf_counter() - start

    def _run(self, command: tuple[str, ...]) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    def _proven(self, stack: ExitStack, contender: Contender) -> Server:
        """Start a server that answers every possible flight as XGBoost does.

        It is asked all of them when it is first started in this run, and later one.
        """
        self.doing = f"proof of {contender.title}"
        server = stack.enter_context(contender.serving())
        if not contender.answers:
            server.ask(HELLO)
        elif contender in self._proven_once:
            server.ask(self._questions.single(0))
        else:
            for question in self._questions.every():
                server.ask(question)
            self._proven_once.add(contender)
        return server

    def _load(self, contender: Contender, server: Server, traffic: Traffic, number: int) -> None:
        used = server.cpu()
        seen = self._loaded(contender, server, traffic, number)
        used = server.cpu() - used
        self.results.add(traffic.measure, contender.name, seen.requests / seen.seconds)
        if traffic.thorough:
            self.results.add(f"{traffic.measure}_cpu", contender.name, used / seen.requests * 1e6)
        if traffic.measure == "one":
            self.results.add("one_p50", contender.name, seen.p50_ms)
        if traffic.measure == "single":
            self.results.add("p99", contender.name, seen.p99_ms)

    def _loaded(self, contender: Contender, server: Server, traffic: Traffic, number: int) -> Load:
        if not contender.answers:
            questions = [HELLO]
        elif traffic.flights > 1:
            questions = self._questions.batches(traffic.flights, traffic.connections)
        else:  # another flight in each round, since wrk sends the same one throughout a run
            questions = [self._questions.single(number, timed=traffic.timed)]
        self.doing = f"load on {contender.title}"
        for question in questions * WARM_UP:
            server.ask(question)
        seconds = self._plan.seconds
        return load(server.port, questions, connections=traffic.connections, seconds=seconds)


def _turns[Each](contenders: Iterable[Each], number: int) -> list[Each]:
    """Return contenders in their order for an odd number, and in reverse for an even one."""
    each = list(contenders)
    return each if number % 2 else each[::-1]


def publish(results: Results, out: Path) -> str:
    """Write the samples, the tables and the chart, and return the tables."""
    tables = f"{figures(results)}\n{targets(results)}"
    files = {
        "results.json": results.to_json(),
        "table.md": tables.encode(),
        "chart.svg": chart(results).encode(),
    }
    replace(out, files)
    return tables


def main() -> None:
    """Measure, print, and write `artifacts/bench/`; the README too, unless it is a quick run."""
    quick = "--quick" in sys.argv[1:]
    find_wrk()
    console = Console()
    columns = (SpinnerColumn(), *Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bench = Bench(QUICK if quick else FULL, progress)
        try:
            results = bench.run()
        except Void as void:
            sys.exit(f"The run is void, in the {bench.doing}: {void}.")
    tables = publish(results, OUT)
    if not quick:
        README.write_text(insert(README.read_text(), summary(results)))
    console.print(Markdown(tables))
    console.print(f"All samples: {OUT / 'results.json'}")


if __name__ == "__main__":
    main()
