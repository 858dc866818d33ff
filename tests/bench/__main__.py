"""Measure Puntual beside its rivals: `make bench`, or `QUICK=1 make bench` in a fifth of it."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
from .results import Machine, Results
from .table import figures, insert, summary, targets

HELLO: Final = Question(b'{"flights":[]}', b'{"predict":[0]}')  # what "hello world" says to all
WARM_UP: Final = 3  # requests before each run, after all possible flights
CONNECTIONS: Final = {"one": 1, "four": 4, "single": 100}  # that ask for one flight each
COMMANDS: Final = {"puntual": ("-m", "training", "--help"), "typer": ("-c", "import typer")}
OUT: Final = ARTIFACTS / "bench"
README: Final = ROOT / "README.md"


@dataclass(frozen=True)
class Plan:
    """How often and how long is measured."""

    starts: int
    rounds: int
    seconds: int
    rows: tuple[tuple[str, int, int], ...]  # a measure, its flights, and how often

    def steps(self, contenders: int, logging: int) -> int:
        """Return the number of steps of the whole run; `logging` contenders run with a log too."""
        fits = sum(times for _, _, times in self.rows)
        loads = (contenders + logging) * self.rounds
        return contenders * (self.starts + 1) + loads + self.starts + fits


FULL: Final = Plan(16, 5, 4, (("fit_68k", 68_206, 3), ("fit_10m", 10_000_000, 1)))
QUICK: Final = Plan(3, 1, 3, (("fit_68k", 68_206, 1),))


class Bench:
    """One run, contender after contender in each round, so that all meet the same machine."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self._plan = plan
        self._contenders = contenders()
        self._logging = logging_contenders()
        self._questions = Questions()
        self._progress = progress
        self.doing = ""
        steps = plan.steps(len(self._contenders), len(self._logging))
        self._task = progress.add_task("", total=steps)
        titles = {name: each.title for name, each in self._contenders.items()}
        cores = os.cpu_count() or 0
        machine = Machine(cores, platform.machine(), platform.python_version())
        self.results = Results(machine, titles)

    def run(self) -> Results:
        """Measure everything; raise `Void` where an answer was not the right one."""
        self._start_all()
        self._load_all()
        for measure, rows, times in self._plan.rows:
            for _ in range(times):
                self._tell(f"training on {rows:,} flights")
                for name, seconds in fit.measure(fit.flights(rows)).items():
                    self.results.add(measure, name, seconds)
        return self.results

    def _start_all(self) -> None:
        for number in range(self._plan.starts + 1):  # the first one warms the disk's cache
            for contender in _turns(self._contenders, number):
                self._tell(f"cold start of {contender.title}")
                taken = self._start(contender)
                if number:
                    self.results.add("cold_start", contender.name, taken * 1e3)
        for number in range(self._plan.starts):
            self._tell("cold start of the command line")
            for name in [*COMMANDS][:: 1 if number % 2 else -1]:
                self.results.add("help", name, self._run(COMMANDS[name]) * 1e3)

    def _load_all(self) -> None:
        for number in range(self._plan.rounds):
            for contender in _turns(self._contenders, number):
                self._tell(f"load on {contender.title}")
                with contender.serving() as server:
                    self._load(contender, server, number)
                self.results.add("size", contender.name, contender.size() / 1e6)
            for contender in _turns(self._logging, number):
                self._tell(f"load on {contender.title} with log")
                with contender.serving() as server:
                    self._load_with_log(contender, server, number)

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

    def _load(self, contender: Contender, server: Server, number: int) -> None:
        if contender.answers:
            for question in self._questions.every():
                server.ask(question)
        # Another flight in each round, since wrk sends the same one throughout a run.
        question = self._questions.single(number) if contender.answers else HELLO
        for measure, connections in CONNECTIONS.items():
            used = server.cpu()
            seen = self._loaded(server, question, connections=connections)
            used = server.cpu() - used
            self.results.add(measure, contender.name, seen.requests / seen.seconds)
            self.results.add(f"{measure}_cpu", contender.name, used / seen.requests * 1e6)
            if measure == "one":
                self.results.add("one_p50", contender.name, seen.p50_ms)
        self.results.add("p99", contender.name, seen.p99_ms)  # of the most connections
        if contender.answers:
            timed = self._questions.single(number, timed=True)
            seen = self._loaded(server, timed, connections=100)
            self.results.add("timed", contender.name, seen.requests / seen.seconds)
            for measure, size in {"thousand": 1_000, "ten_thousand": 10_000}.items():
                seen = self._loaded(server, self._questions.batch(size), connections=4)
                self.results.add(measure, contender.name, seen.requests / seen.seconds)
        self.results.add("memory", contender.name, server.memory() / 1e6)

    def _load_with_log(self, contender: Contender, server: Server, number: int) -> None:
        question = self._questions.single(number)
        for measure, connections in CONNECTIONS.items():
            seen = self._loaded(server, question, connections=connections)
            self.results.add(f"{measure}_log", contender.name, seen.requests / seen.seconds)

    def _loaded(self, server: Server, question: Question, *, connections: int) -> Load:
        for _ in range(WARM_UP):
            server.ask(question)
        return load(server.port, question, connections=connections, seconds=self._plan.seconds)


def _turns(contenders: dict[str, Contender], number: int) -> list[Contender]:
    """Return contenders in an order that turns from round to round."""
    each = list(contenders.values())
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
