"""What holds for every run of the tests: its level, whether it may skip, how it begins and ends."""

import gc
import signal
from collections.abc import Generator
from typing import Final

import pytest

from tests.support.at_hand import is_santiago
from tests.support.paths import ROOT

# What `make test` leaves out and `make test-all` runs. Single tests are marked in their file.
LEVELS: Final = {
    "slow": (
        "tests/bigquery",
        "tests/cloud",
        "tests/training/batch/test_bigquery.py",
        "tests/training/flights/test_exploration.py",
        "tests/training/flights/test_spark.py",
        "tests/training/report/test_unseen.py",
        "tests/training/tables/test_forms.py",
        "tests/training/tables/test_recipes.py",
    ),
    # They measure, or take resources away.
    "alone": ("tests/bench", "tests/faults", "tests/load"),
    "browser": ("tests/function/page", "tests/training/report/test_accessible.py"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail where a test skips")


def pytest_configure() -> None:
    # A shell's background job ignores SIGINT, and so would the commands that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    # The function froze what it loaded. Frozen classes of DuckDB outlive it, and it reports a leak.
    gc.unfreeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    elsewhere = pytest.mark.skip("it is true of Santiago's model, and another one is at hand")
    here = is_santiago()
    for item in items:
        for level, names in LEVELS.items():
            if any(item.path.is_relative_to(ROOT / name) for name in names):
                item.add_marker(level)
        if item.get_closest_marker("santiago") and not here:
            item.add_marker(elsewhere)
    yield  # what is not selected is left out
    # Playwright keeps an event loop running, beside which no other test can start one.
    browser = [item for item in items if item.get_closest_marker("browser")]
    if len(browser) < len(items):
        apart = pytest.mark.skip("browser tests need a run of their own: `pytest -m browser`")
        for item in browser:
            item.add_marker(apart)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _strict(collector.config, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _strict(item.config, (yield))


def _strict[R: (pytest.CollectReport, pytest.TestReport)](config: pytest.Config, report: R) -> R:
    """Turn a skip into a failure where nothing may skip; an expected failure is none."""
    if report.skipped and config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"{reason} - and --no-skips allows no skip"
    return report
