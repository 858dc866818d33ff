"""A push becomes a tested revision that serves, or leaves the traffic where it was.

Each test drives the steps of cloudbuild.yaml themselves; only `gcloud` is a stand-in.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.marks import needs_sdk
from tests.cloud.rehearsal import Outcome, Rehearsal
from tests.deployed.asking import Deployed

pytestmark = needs_sdk

FIRST, SECOND = "puntual-00001", "puntual-00002"
SERVED = {FIRST: 100}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rehearsal, Outcome]]:
    """Return the rehearsal of an empty project's first push, and how it ended."""
    rehearsal = Rehearsal.anew(tmp_path_factory.mktemp("rehearsal"))
    bootstrapped = rehearsal.make("bootstrap", "REPO=someone/puntual")
    assert bootstrapped.failed is None, bootstrapped.printed
    yield rehearsal, rehearsal.build("a000001")
    rehearsal.end()


@pytest.fixture
def next_push(released: tuple[Rehearsal, Outcome], tmp_path: Path) -> Iterator[Rehearsal]:
    """Return a rehearsal that goes on where the first push has ended."""
    rehearsal = released[0].branch(tmp_path)
    yield rehearsal
    rehearsal.end()


def test_a_good_first_push_serves(released: tuple[Rehearsal, Outcome]) -> None:
    rehearsal, outcome = released

    assert outcome.failed is None, outcome.printed
    assert "passes: nothing serves yet" in outcome.printed
    assert rehearsal.traffic() == SERVED
    assert rehearsal.tags() == {"previous": "puntual-placeholder"}
    assert Deployed(rehearsal.url(FIRST), None).ask("/health").status == 200


def test_a_second_push_takes_over_and_a_rollback_takes_it_back(next_push: Rehearsal) -> None:
    outcome = next_push.build("a000002", since="package")

    assert outcome.failed is None, outcome.printed
    assert "Within the margin" in outcome.printed
    assert next_push.traffic() == {SECOND: 100}
    assert next_push.tags() == {"previous": FIRST}
    moved = [line.split() for line in next_push.state["lines"] if "update-traffic" in line]
    shares = [word for words in moved for word in words if word.startswith("--to-")]
    assert shares == ["--to-tags=ca000002=10", f"--to-revisions={SECOND}=100"]

    assert next_push.make("rollback").failed is None
    assert (next_push.traffic(), next_push.tags()) == (SERVED, {"previous": SECOND})
    assert next_push.make("rollback").failed is None
    assert (next_push.traffic(), next_push.tags()) == ({SECOND: 100}, {"previous": FIRST})


def test_a_pull_request_deploys_nothing(next_push: Rehearsal) -> None:
    outcome = next_push.build("a000002", since="package", _DEPLOY="false")

    assert outcome.failed is None, outcome.printed
    assert "deploy: this build does not deploy" in outcome.printed
    assert next_push.state["lines"] == []


def _break_a_test(rehearsal: Rehearsal) -> None:
    rehearsal.edit("tests/deployed/test_deployed.py", '{"status": "OK"}', '{"status": "LATE"}')


def _forget_to_train(rehearsal: Rehearsal) -> None:
    rehearsal.edit("training/settings.json", '"n_estimators": 50', '"n_estimators": 49')


def _break_the_start(rehearsal: Rehearsal) -> None:
    rehearsal.edit("function/main.py", "\ntry:\n", "\nraise RuntimeError\ntry:\n")


def _answer_wrongly(rehearsal: Rehearsal) -> None:
    rehearsal.edit("function/answers.py", "prediction.delay.tolist()", "[1]")


def _fall_ill_with_use(rehearsal: Rehearsal) -> None:
    ill = '{"status": "OK" if asked.pop() else 0}'
    rehearsal.edit("function/answers.py", '{"status": "OK"}', ill)
    rehearsal.edit("function/answers.py", "\ntype Query", "\nasked = [False, True]\ntype Query")


@pytest.mark.parametrize(
    ("spoil", "since", "failed", "says"),
    [
        (_break_a_test, "test", "test", "1 failed"),
        (_forget_to_train, "reproduce", "reproduce", "differ"),
        (_break_the_start, "package", "deploy", "STOPPED at deploy: the revision that"),
        (_answer_wrongly, "package", "canary", "STOPPED at the smoke test before canary: the"),
        (_fall_ill_with_use, "package", "promote", "STOPPED at the smoke test before promote: the"),
    ],
    ids=[
        "a failing test",
        "artifacts of other settings",
        "a function that does not start",
        "a smoke test that fails without traffic",
        "a smoke test that fails at 10 percent",
    ],
)
def test_the_traffic_stays_where_it_was_after(
    next_push: Rehearsal,
    spoil: Callable[[Rehearsal], None],
    since: str,
    failed: str,
    says: str,
) -> None:
    spoil(next_push)
    outcome = next_push.build("a000002", since=since)

    assert outcome.failed == failed, outcome.printed
    assert says in outcome.printed
    assert next_push.traffic() == SERVED
    assert next_push.tags() == {"previous": "puntual-placeholder"}
    canaried = any("--to-tags=ca000002=10" in line for line in next_push.state["lines"])
    assert canaried == (failed == "promote")


def test_a_worse_model_is_not_deployed_unless_it_is_allowed(next_push: Rehearsal) -> None:
    next_push.edit("training/settings.json", '"n_estimators": 50', '"n_estimators": 1')
    assert next_push.make("train").failed is None
    outcome = next_push.build("a000002", since="package")

    assert outcome.failed == "gate", outcome.printed
    assert "STOPPED at gate: nothing was deployed" in outcome.printed
    assert not [line for line in next_push.state["lines"] if " deploy " in line]
    assert next_push.traffic() == SERVED
    assert "Allowed all the same." in next_push.make("gate", "ALLOW_WORSE=true").printed


def test_bootstrap_is_safe_to_run_twice(next_push: Rehearsal) -> None:
    before = next_push.state
    again = next_push.make("bootstrap", "REPO=someone/puntual")

    assert again.failed is None, again.printed
    assert not [line for line in next_push.state["lines"] if " create" in line or " deploy" in line]
    assert next_push.state | {"lines": []} == before
