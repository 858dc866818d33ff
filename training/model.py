"""The delay model: one-hot encoder and XGBoost, with the interface of the delay challenge."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self, overload

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from xgboost import Booster, XGBClassifier

from function.metadata import Categories
from training.flights.counts import weighted_rows
from training.flights.features import (
    DAY,
    TIME,
    TOP10,
    categories_of,
    columns_of,
    in_each_way,
    one_hot,
    without_day,
    without_time,
)
from training.flights.frames import checked, column, delayed, labels, of_pandas, shown
from training.project import ARTIFACTS

STORE: Final = ARTIFACTS / "challenge.ubj"


@dataclass(frozen=True)
class Settings:
    """What XGBoost is told; the defaults are the challenge's."""

    n_estimators: int = 100
    learning_rate: float = 0.01
    max_depth: int = 6
    min_child_weight: float = 1.0
    colsample_bytree: float = 1.0


class DelayModel:
    """Predict whether flights leave more than 15 minutes late.

    `columns` names the one-hot columns it learns from, `None` all of them: airline, type, month,
    and, where flights have them, the hour and weekday of `Fecha-I` and the day so far, `HOY`. A
    model that is not fitted loads what `save` wrote to `store`.
    """

    def __init__(
        self,
        columns: Sequence[str] | None = TOP10,
        settings: Settings | None = None,
        store: Path = STORE,
    ) -> None:
        self.settings = settings or Settings()
        self.store = store
        self._columns = columns
        self._categories: Categories | None = None
        self._model: XGBClassifier | None = None  # the challenge's name

    @overload
    def preprocess(self, data: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def preprocess(
        self, data: pd.DataFrame, target_column: str
    ) -> tuple[pd.DataFrame, pd.DataFrame]: ...
    def preprocess(
        self, data: pd.DataFrame, target_column: str | None = None
    ) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
        """Return one-hot features, float32 [N, columns], and with a target its frame, int [N, 1].

        A target that is no column of `data` is computed from its two times. With a target the
        categories are those of `data`; without one they are the fitted model's. Raise `ValueError`
        for an unknown category and for what is no flight; see `checked`.
        """
        if target_column is None:
            return self.encode(checked(data, timed=self.categories.timed))
        flights = checked(data, timed=self._learns_time)
        has_target = target_column in data.columns
        label = labels(column(data, target_column) if has_target else delayed(data))
        self.learn(categories_of(flights))
        return self.encode(flights), pd.DataFrame({target_column: label}, index=data.index)

    def learn(self, categories: Categories) -> Self:
        """Take the categories, and forget what was fitted on others."""
        self._categories, self._model = categories, None
        return self

    def fit(
        self,
        features: pd.DataFrame,
        target: pd.DataFrame,
        weight: NDArray[np.int64] | None = None,
        delay_rate: float | None = None,
    ) -> None:
        """Fit on preprocessed features, with the weights of both classes balanced.

        `weight` is the number of flights that each row stands for. `delay_rate` is that of the
        flights, where these are not the rows once each.
        """
        if self._categories is None:
            raise ValueError("Cannot fit: the categories are not known. Preprocess a target first.")
        values = self._checked(features)
        label = _label_of(target)
        if not len(label) == len(values) > 0:
            raise ValueError(
                f"Cannot fit: expected a label for each flight, got {len(label):,} labels and "
                f"{len(values):,} flights."
            )
        other = target.index
        if not other.equals(features.index) and set(other) == set(features.index):
            raise ValueError(
                "Cannot fit: expected the labels in the order of the flights, got their index in "
                "another one. Use `target.loc[features.index]`."
            )
        if delay_rate is None:
            delay_rate = np.average(label, weights=weight)
        delay_rate = float(delay_rate)
        if not 0 < delay_rate < 1:
            raise ValueError("Cannot fit: expected delayed and punctual flights, got one class.")
        classifier = XGBClassifier(
            **asdict(self.settings),
            scale_pos_weight=(1 - delay_rate) / delay_rate,
            base_score=0.5,  # an estimated one is added in another order by ONNX Runtime
            n_jobs=1,  # and so are the sums of several threads
            tree_method="hist",
            random_state=1,
        )
        classifier.fit(values, label, sample_weight=weight)
        classifier.get_booster().set_attr(
            categories=msgspec.json.encode(self._categories).decode(),
            columns=msgspec.json.encode(list(features.columns)).decode(),
            delay_rate=repr(delay_rate),
        )
        self._model = classifier

    def save(self) -> None:
        """Write the fitted model to `store`, in XGBoost's own UBJSON."""
        self.store.write_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the fitted model in XGBoost's own UBJSON."""
        return bytes(self.booster.save_raw("ubj"))

    def fit_counts(self, cells: pd.DataFrame, categories: Categories) -> Self:
        """Fit on counts, which gives the model of the fit on their flights.

        Each flight counts in each way that it can be asked; see `in_each_way`.
        """
        rows, label, weight = weighted_rows(in_each_way(cells))
        some = weight > 0  # most cells are of one flight, so this is two thirds of the rows
        self.learn(categories)
        delay_rate = float(cells["delayed"].sum() / cells["flights"].sum())
        target = pd.DataFrame({"delay": label[some]})
        self.fit(self.encode(rows[some]), target, weight[some], delay_rate)
        return self

    def predict(self, features: pd.DataFrame) -> list[int]:
        """Return for each row whether the flight will be delayed, 0 or 1."""
        labels: list[int] = self._fitted().predict(self._checked(features)).tolist()
        return labels

    def margin(self, features: pd.DataFrame, trees: int = 0) -> NDArray[np.float32]:
        """Return XGBoost's raw margin of each row, [N]: log-odds between balanced classes.

        Only the first `trees` trees are added up, or all of them where it is 0.
        """
        margin: NDArray[np.float32] = self._fitted().predict(
            self._checked(features), output_margin=True, iteration_range=(0, trees)
        )
        return margin

    def probability(self, features: pd.DataFrame, trees: int = 0) -> NDArray[np.float64]:
        """Return the calibrated probability of a delay of each row, [N]."""
        return self.calibrated(self.margin(features, trees))

    def calibrated(self, margin: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the calibrated probability of each margin, [N].

        Balancing multiplied the odds by negatives / positives, so they are divided by it again:
        a subtraction in log-odds.
        """
        return 1 / (1 + np.exp(self.log_imbalance - margin.astype(np.float64)))

    @property
    def categories(self) -> Categories:
        """The categories of each feature, in one-hot order."""
        if self._categories is None:
            stored = self.booster.attr("categories") or ""
            self._categories = msgspec.json.decode(stored, type=Categories)
        return self._categories

    @property
    def columns(self) -> list[str]:
        """The names of the features, in order."""
        return columns_of(self.categories) if self._columns is None else list(self._columns)

    @property
    def booster(self) -> Booster:
        """The fitted booster."""
        return self._fitted().get_booster()

    @property
    def delay_rate(self) -> float:
        """The delay rate of the training flights, the threshold of the calibrated probability."""
        return float(self.booster.attr("delay_rate") or "nan")

    @property
    def log_imbalance(self) -> float:
        """The logarithm of negatives / positives among the training flights."""
        return math.log((1 - self.delay_rate) / self.delay_rate)

    @property
    def _learns_time(self) -> bool:
        columns = self._columns
        return columns is None or any(name.split("_")[0] in {*TIME, *DAY} for name in columns)

    def _fitted(self) -> XGBClassifier:
        if self._model is None:
            if not self.store.exists():
                raise FileNotFoundError(
                    f"Cannot predict: the model is not fitted and {self.store} does not exist. "
                    "Run `make train`."
                )
            classifier = XGBClassifier(n_jobs=1)
            classifier.load_model(self.store)
            self._model = classifier
        return self._model

    def encode(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Return the one-hot features of cells, which need no check, float32 [N, columns].

        Raise `ValueError` for an unknown category.
        """
        if not self.categories.timed:
            cells = without_time(cells)
        elif not self.categories.knows_day:
            cells = without_day(cells)
        # A column of the ten that another airport does not have is zero throughout.
        return one_hot(cells, self.categories).reindex(columns=self.columns, fill_value=0.0)

    def _checked(self, features: pd.DataFrame) -> NDArray[np.float32]:
        of_pandas(features)
        if list(features.columns) != self.columns:
            raise ValueError(f"Expected the columns {self.columns}, got {list(features.columns)}.")
        numbers = features
        if not all(map(pd.api.types.is_numeric_dtype, features.dtypes)):
            numbers = features.apply(pd.to_numeric, errors="coerce")
        values: NDArray[np.float32] = numbers.to_numpy(np.float32, na_value=np.nan)
        wrong = np.argwhere((values != 0) & (values != 1))
        if len(wrong):
            row, number = wrong[0]
            got = shown(features.iloc[row, number])
            raise ValueError(f"Expected 0 or 1, got {got} in the column `{self.columns[number]}`.")
        return values


def _label_of(target: pd.DataFrame) -> NDArray[np.int64]:
    """Return the labels of a frame of one column, or of a series, which notebooks pass as well."""
    if isinstance(target, pd.Series):
        return labels(target)
    of_pandas(target)
    if len(target.columns) != 1:
        raise ValueError(f"Expected a target of one column, got {list(target.columns)}.")
    return labels(target.iloc[:, 0])
