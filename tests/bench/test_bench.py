"""The bench can be believed: what it counts was right, and what it shows is what it counted."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest

from function.flights import MAX_FLIGHTS
from tests.bench import fit
from tests.bench.chart import PANELS, chart
from tests.bench.contender import RIVALS, RUNTIME, Contender, Server, contenders, logging_contenders
from tests.bench.load import Void, load
from tests.bench.question import Question, Questions
from tests.bench.results import TARGETS, Machine, Results
from tests.bench.table import BEGIN, END, figures, insert, summary, targets
from tests.support.paths import ROOT
from tests.support.servers import listening
from training.flights.counts import Counts
from training.model import Settings

FLIGHT = Question(b'{"flights":[]}', b'{"predict":[0]}')

type Serve = Callable[[int, bytes], int]


class Fixed(BaseHTTPRequestHandler):
    """Answer the same to every request, or its own body where there is no answer."""

    protocol_version = "HTTP/1.1"
    status: ClassVar[int]
    answer: ClassVar[bytes]

    def do_POST(self) -> None:
        answer = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.answer or answer
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what serves a fixed status and answer, on the port it returns."""
    with ExitStack() as servers:

        def start(status: int, answer: bytes) -> int:
            handler = type("Handler", (Fixed,), {"status": status, "answer": answer})
            url = servers.enter_context(listening(handler))
            return int(url.rpartition(":")[2])

        yield start


@pytest.fixture
def results() -> Results:
    """Return a run of two rounds, the second on a machine that had got slower."""
    titles = {name: each.title for name, each in contenders().items()}
    found = Results(Machine(2, "x86_64", "3.13.0"), titles)
    for slower in (1, 10):
        for name, figure in {"reference": 1000.0, "hello": 100.0, "puntual": 150.0}.items():
            found.add("cold_start", name, figure * slower)
            found.add("single", name, 10_000 / figure / slower)
    return found


needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")


@needs_wrk
def test_right_answers_are_counted(serve: Serve) -> None:
    seen = load(serve(HTTPStatus.OK, FLIGHT.answer), [FLIGHT], connections=2, seconds=1)
    assert seen.requests > 0
    assert 0 < seen.p50_ms <= seen.p99_ms


@needs_wrk
@pytest.mark.parametrize(
    ("status", "answer"),
    [(HTTPStatus.OK, b'{"predict":[1]}'), (HTTPStatus.CREATED, FLIGHT.answer)],
    ids=["a wrong answer", "a wrong status"],
)
def test_load_is_void_at_what_is_not_the_answer(serve: Serve, status: int, answer: bytes) -> None:
    with pytest.raises(Void, match=r"[1-9][0-9]* wrong"):
        load(serve(status, answer), [FLIGHT], connections=2, seconds=1)


@needs_wrk
def test_each_connection_asks_its_own_question_and_expects_its_own_answer(serve: Serve) -> None:
    port = serve(HTTPStatus.OK, b"")
    one, other = Question(b"one", b"one"), Question(b"other", b"other")
    assert load(port, [one, other], connections=2, seconds=1).requests > 0
    wrong = Question(other.body, one.answer)
    for questions in ([one, wrong], [wrong, one]):
        with pytest.raises(Void, match=r"[1-9][0-9]* wrong"):
            load(port, questions, connections=2, seconds=1)


def test_a_server_that_does_not_come_up_is_void(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "false").symlink_to(shutil.which("false") or "/bin/false")
    broken = Contender("broken", "Broken", tmp_path, ("false",), tmp_path)
    with broken.serving() as server, pytest.raises(Void, match="did not come up"):
        server.ask(FLIGHT)


@pytest.fixture(scope="module")
def questions() -> Questions:
    return Questions()


def asked(question: Question) -> list[tuple[tuple[object, ...], int]]:
    """Return each flight of a request with its answer."""
    flights = msgspec.json.decode(question.body)["flights"]
    delays = msgspec.json.decode(question.answer)["predict"]
    keys = (tuple(flight.values()) for flight in flights)
    return list(zip(keys, delays, strict=True))


def test_a_server_tells_the_cpu_time_of_itself_and_its_children() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    command = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, spin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 0.25 < Server(process, 0).cpu() < 5
        process.communicate(b"\n")


def test_every_possible_flight_is_asked_once_with_the_boosters_answer(
    questions: Questions,
) -> None:
    parts = [asked(question) for question in questions.every()]
    assert max(map(len, parts)) <= MAX_FLIGHTS
    every = [each for part in parts for each in part]
    assert len(every) == len(dict(every)) == 835_176
    assert {delay for _, delay in every} == {0, 1}
    known = dict(every)
    singles = questions.single(3), questions.single(3, timed=True)
    for question in (*singles, *questions.batches(1000, 2)):
        assert all(known[flight] == delay for flight, delay in asked(question))


def test_batches_hold_flights_as_often_as_santiago_saw_them(
    questions: Questions, santiago: Counts
) -> None:
    batch, other = questions.batches(10_000, 2)
    assert batch.body != other.body
    flights = [flight for flight, _ in asked(batch)]
    assert {len(flight) for flight in flights} == {4}  # with the time, without the day so far
    assert 4_000 < len(set(flights)) < 6_000
    latam = santiago.table[santiago.table["OPERA"] == "Grupo LATAM"]
    share = latam["flights"].sum() / santiago.table["flights"].sum()
    drawn = sum(airline == "Grupo LATAM" for airline, *_ in flights) / len(flights)
    assert drawn == pytest.approx(share, abs=0.02)


def test_single_flights_differ_from_round_to_round(questions: Questions) -> None:
    untimed = [asked(questions.single(number)) for number in range(5)]
    timed = [asked(questions.single(number, timed=True)) for number in range(5)]
    assert {len(flight) for [(flight, _)] in untimed} == {3}
    assert {len(flight) for [(flight, _)] in timed} == {4}
    assert len({flight for [(flight, _)] in timed}) == 5


def test_each_rival_has_its_server_and_its_own_lock_or_the_environment_of_puntual() -> None:
    rivals = contenders()
    del rivals["puntual"]
    assert rivals.keys() == {path.parent.name for path in RIVALS.glob("*/main.py")}
    locked = {path.parent.name for path in RIVALS.glob("*/requirements.txt")}
    assert {name for name, each in rivals.items() if each.environment != RUNTIME} == locked
    makefile = (ROOT / "Makefile").read_text()
    assert {*re.findall("^RIVALS := (.*)$", makefile, re.MULTILINE)[0].split()} == locked


def test_nobody_writes_a_log_of_requests() -> None:
    for each in contenders().values():
        assert "uvicorn" not in each.command or "--no-access-log" in each.command
    assert ("PUNTUAL_LOG", "off") in contenders()["puntual"].variables


def test_with_log_a_contender_differs_in_nothing_else() -> None:
    logging = logging_contenders()
    assert logging.keys() == {"puntual", "fastapi_onnx"}
    ours, rival = logging["puntual"], logging["fastapi_onnx"]
    off = (*ours.variables, ("PUNTUAL_LOG", "off"))
    program, app, *port = rival.command
    quiet = (program, app, "--no-access-log", *port)
    assert replace(ours, variables=off) == contenders()["puntual"]
    assert replace(rival, command=quiet) == contenders()["fastapi_onnx"]


def test_a_ratio_is_of_figures_of_the_same_round(results: Results) -> None:
    assert results.value("cold_start", "puntual") == 825
    assert results.ratio("cold_start", "reference") == pytest.approx(0.15)
    assert results.ratio("single", "reference") == pytest.approx(1000 / 150)
    assert results.ratio("memory", "reference") is None


def test_results_survive_json(results: Results) -> None:
    assert Results.from_json(results.to_json()) == results


def test_the_table_shows_medians_and_ratios(results: Results) -> None:
    cold, single = figures(results).splitlines()[2:]
    assert "| **825** |" in cold
    assert "| 5,500 (0.15 x) |" in cold
    assert "6.67 x" in single


def test_each_target_is_reached_missed_or_not_measured(results: Results) -> None:
    verdicts = [line.split(" | ")[-1].removesuffix(" |") for line in targets(results).splitlines()]
    expected = {("cold_start", "reference"): "reached", ("cold_start", "hello"): "missed"}
    expected[("single", "reference")] = "missed"
    for target, verdict in zip(TARGETS, verdicts[2:], strict=True):
        assert verdict == expected.get((target.measure, target.against), "not measured")


def test_the_summary_has_the_main_measures_and_no_floor(results: Results) -> None:
    head, _, *rows = summary(results).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")][1:] == [
        results.titles[name] for name in ("puntual", "reference", "fastapi_onnx")
    ]
    assert [row.split(",")[0] for row in rows] == ["| spawn to first answer", "| one flight"]


def test_the_chart_names_each_figure(results: Results) -> None:
    svg = chart(results)
    assert chart(results) == svg  # byte for byte
    texts = [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  # it is our own
    assert {"825", "5,500", "550"} <= set(texts)
    assert texts.count("Puntual") == len(results.samples.keys() & PANELS.keys())
    assert sum("is better" in (text or "") for text in texts) == len(PANELS)


def test_the_readme_takes_a_table_between_its_marks() -> None:
    readme = f"before\n{BEGIN}old\n{END}after\n"
    assert insert(readme, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="Cannot insert"):
        insert("no marks\n", "new\n")
    insert((ROOT / "README.md").read_text(), "")


def test_a_fit_on_counted_rows_is_the_fit_on_the_rows(tmp_path: Path) -> None:
    path, settings = fit.flights(20_000, tmp_path), Settings(n_estimators=10)
    (_, on_rows), (_, on_counts) = (each(path, settings) for each in (fit.on_rows, fit.on_counts))
    assert np.ptp(on_rows) > 0.1
    np.testing.assert_allclose(on_counts, on_rows, atol=fit.SAME)
