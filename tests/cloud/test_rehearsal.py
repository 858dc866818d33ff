"""A push becomes a tested revision that serves, or leaves the traffic where it was.

Each test drives the steps of cloudbuild.yaml themselves, with the real gcloud; only Google's APIs
are a stand-in, which refuses what Google refuses.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.google import Failure, RefusalError
from tests.cloud.rehearsal import Outcome, Rehearsal
from tests.cloud.sdk import loaded_gcloud, needs_sdk

pytestmark = needs_sdk


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rehearsal, Outcome]]:
    """Return the rehearsal of an empty project's first push, and how it ended.

    It begins at the package: the steps before it are make targets that CI runs itself.
    """
    folder = tmp_path_factory.mktemp("rehearsal")
    with loaded_gcloud(folder) as gcloud:
        rehearsal = Rehearsal.anew(folder, gcloud)
        bootstrapped = rehearsal.make("bootstrap", "REPO=someone/puntual")
        assert bootstrapped.failed is None, bootstrapped.printed
        yield rehearsal, rehearsal.build("a000001", since="package")
        rehearsal.end()


@pytest.fixture
def first(released: tuple[Rehearsal, Outcome]) -> str:
    """Return the name of the first push's revision."""
    (name,) = released[0].traffic()
    return name


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
    assert [*rehearsal.traffic().values()] == [100]
    assert rehearsal.tags() == {"previous": "puntual-placeholder"}
    # With an access that it lacks, the SDK warns and goes on.
    assert "WARNING: Your account" not in outcome.printed
    assert "IAM policy failed" not in outcome.printed


def test_what_is_deployed_is_told_what_it_needs(released: tuple[Rehearsal, Outcome]) -> None:
    service = released[0].service
    template = service["spec"]["template"]
    container = template["spec"]["containers"][0]

    assert {each["name"]: each["value"] for each in container["env"]} == {
        "FUNCTION_USE_ASGI": "1",
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "ORT_DISABLE_TELEMETRY": "1",
        "XDG_RUNTIME_DIR": "/tmp",  # noqa: S108  # the one folder that can be written
    }
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "512Mi"}
    assert template["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"] == "4"
    assert service["metadata"]["annotations"]["run.googleapis.com/maxScale"] == "4"
    asked = [build["asked"] for build in released[0].google.builds if "asked" in build]
    assert asked[0]["buildpackBuild"]["functionTarget"] == "predict"
    assert not asked[0]["buildpackBuild"].get("enableAutomaticUpdates")


def test_a_closed_service_answers_only_callers_with_a_token_for_it(
    released: tuple[Rehearsal, Outcome],
) -> None:
    rehearsal, _ = released

    assert rehearsal.status("") == 403
    assert rehearsal.status("a word") == 401
    assert rehearsal.status("puntual-caller", audience="http://elsewhere.example") == 401
    assert rehearsal.status("puntual-check") == 403
    assert rehearsal.status("puntual-caller") == 200


def test_a_second_push_takes_over_and_a_rollback_takes_it_back(
    next_push: Rehearsal, first: str
) -> None:
    next_push.google.slow = 1
    outcome = next_push.build("a000002", since="package")

    assert outcome.failed is None, outcome.printed
    assert "No worse by more than 0.005 and chance." in outcome.printed
    ((second, share),) = next_push.traffic().items()
    assert second != first
    assert share == 100
    assert next_push.tags() == {"previous": first}
    assert "--to-tags=ca000002=10" in outcome.printed

    assert next_push.make("rollback").failed is None
    assert (next_push.traffic(), next_push.tags()) == ({first: 100}, {"previous": second})
    assert next_push.make("rollback").failed is None
    assert (next_push.traffic(), next_push.tags()) == ({second: 100}, {"previous": first})


def test_by_hand_a_first_release_has_no_rollback_and_no_gate_without_an_address(
    next_push: Rehearsal, first: str
) -> None:
    back = next_push.make("rollback")
    assert back.failed == "rollback"
    assert "Cannot roll back: no release came before this one." in back.printed
    assert (next_push.traffic(), next_push.tags()) == (
        {first: 100},
        {"previous": "puntual-placeholder"},
    )

    (next_push.clone / ".build/release/serving").unlink()
    gate = next_push.make("gate")
    assert gate.failed == "gate"
    assert "Run `make serving` first." in gate.printed
    assert next_push.make("serving", "CALLER=puntual-caller").failed is None
    assert next_push.make("gate").failed is None


def test_a_pull_request_deploys_nothing(next_push: Rehearsal) -> None:
    outcome = next_push.build("a000002", since="package", _DEPLOY="false")

    assert outcome.failed is None, outcome.printed
    assert "deploy: this build does not deploy" in outcome.printed
    assert next_push.google.calls == []


def _forget_to_train(rehearsal: Rehearsal) -> None:
    rehearsal.edit("training/fitting/settings.json", '"max_depth": ', '"max_depth": 1')


def _break_the_start(rehearsal: Rehearsal) -> None:
    rehearsal.edit("function/main.py", "\ntry:\n", "\nraise RuntimeError\ntry:\n")


def _answer_wrongly(rehearsal: Rehearsal) -> None:
    rehearsal.edit("function/handlers.py", "prediction.delay.tolist()", "[1]")


def _fall_ill_with_use(rehearsal: Rehearsal) -> None:
    ill = '{"status": "OK" if asked.pop() else 0}'
    rehearsal.edit("function/handlers.py", '{"status": "OK"}', ill)
    rehearsal.edit("function/handlers.py", "\ntype Query", "\nasked = [False, True]\ntype Query")


def _take_the_roles(rehearsal: Rehearsal) -> None:
    del rehearsal.google.policies["projects/rehearsal"]


def _meet_a_conflict(rehearsal: Rehearsal) -> None:
    conflict = RefusalError(409, "Conflict for resource 'puntual'")
    # The first write deploys, and the second gives the canary its share.
    rehearsal.google.failure = Failure("PUT .*/services/puntual", 1, conflict)


@pytest.mark.parametrize(
    ("spoil", "failed", "says"),
    [
        ((_forget_to_train, "reproduce"), "reproduce", "differ"),
        ((_take_the_roles, "package"), "serving", "STOPPED at serving: nothing was deployed"),
        ((_break_the_start, "package"), "deploy", "STOPPED at deploy: the revision that"),
        ((_answer_wrongly, "package"), "canary", "STOPPED at the smoke test before canary: the"),
        (
            (_fall_ill_with_use, "package"),
            "promote",
            "STOPPED at the smoke test before promote: the",
        ),
        ((_meet_a_conflict, "package"), "canary", "STOPPED at canary: the revision that"),
    ],
    ids=[
        "artifacts of other settings",
        "an account without its roles",
        "a function that does not start",
        "a smoke test that fails without traffic",
        "a smoke test that fails at 10 percent",
        "a call that fails once",
    ],
)
def test_the_traffic_stays_where_it_was_after(
    next_push: Rehearsal,
    first: str,
    spoil: tuple[Callable[[Rehearsal], None], str],
    failed: str,
    says: str,
) -> None:
    do, since = spoil
    do(next_push)
    outcome = next_push.build("a000002", since=since)

    assert outcome.failed == failed, outcome.printed
    assert says in outcome.printed
    assert next_push.traffic() == {first: 100}
    assert next_push.tags() == {"previous": "puntual-placeholder"}


@pytest.mark.parametrize("step", ["deploy", "promote"])
def test_an_older_build_stops_and_leaves_nothing(
    next_push: Rehearsal, first: str, step: str
) -> None:
    begun = next_push.start("a000002")
    outcome = next_push.steps(begun, since="package", until=step)
    assert outcome.failed is None, outcome.printed
    next_push.start("a000003")
    outcome = next_push.steps(begun, since=step)

    assert outcome.failed == step, outcome.printed
    assert "is newer than this one" in outcome.printed
    assert next_push.traffic() == {first: 100}
    assert next_push.tags() == {"previous": "puntual-placeholder"}


def test_a_newer_build_that_failed_stops_no_other(next_push: Rehearsal) -> None:
    begun = next_push.start("a000002")
    next_push.start("a000003")
    next_push.google.builds[-1]["status"] = "FAILURE"

    assert next_push.steps(begun, since="deploy", until="smoke-without-traffic").failed is None


def test_the_canary_of_a_cancelled_build_is_removed_by_the_next(
    next_push: Rehearsal, first: str
) -> None:
    cancelled = next_push.start("a000002")
    assert next_push.steps(cancelled, since="package", until="smoke-with-traffic").failed is None
    assert sorted(next_push.traffic().values()) == [10, 90]
    next_push.google.builds[-1]["status"] = "CANCELLED"
    outcome = next_push.steps(next_push.start("a000003"), since="package", until="gate")

    assert outcome.failed is None, outcome.printed
    assert next_push.traffic() == {first: 100}
    assert next_push.tags() == {"previous": "puntual-placeholder"}


def test_a_worse_model_is_not_deployed_unless_it_is_allowed(
    next_push: Rehearsal, first: str
) -> None:
    worse = '{"n_estimators": 1, "learning_rate": 0.3, "max_depth": 1, "min_child_weight": 20}'
    (next_push.clone / "training/fitting/settings.json").write_text(worse)
    assert next_push.make("train").failed is None
    outcome = next_push.build("a000002", since="package")

    assert outcome.failed == "gate", outcome.printed
    assert "STOPPED at gate: nothing was deployed" in outcome.printed
    assert "WORSE" in outcome.printed
    assert next_push.traffic() == {first: 100}
    values = next_push.start("a000003") | {"_ALLOW_WORSE": "true"}
    allowed = next_push.steps(values, since="gate", until="deploy")
    assert allowed.failed is None, allowed.printed
    assert "Allowed all the same." in allowed.printed


def test_bootstrap_opens_and_closes_the_service_and_makes_nothing_twice(
    next_push: Rehearsal,
) -> None:
    def state() -> tuple[object, ...]:
        google = next_push.google
        return {*google.resources}, {**google.policies}, {*google.enabled}, next_push.traffic()

    before = state()
    opened = next_push.make("bootstrap", "PUBLIC=true")
    assert opened.failed is None, opened.printed
    assert next_push.status("") == 200
    closed = next_push.make("bootstrap", "REPO=someone/puntual")
    assert closed.failed is None, closed.printed
    assert next_push.status("") == 403

    assert state() == before
    assert "Created" not in opened.printed + closed.printed
