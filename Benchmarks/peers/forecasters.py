"""Forecasters of Recurrent and of NeuralForecast on the same rows, windows and origins; see Benchmarks/tasks/forecasting-peers."""

import gzip
import logging
import lzma
import os
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy as np
import pandas as pd

DATA = os.path.join(os.environ["RECURRENT_DATA"], "series")
EVERY = int(os.environ.get("PEERS_EVERY", "10"))
STEPS = int(os.environ.get("PEERS_STEPS", "1000"))


class Case:
    """Series by name, and what is forecast of them."""

    def __init__(self, name, series, window, horizon, season, origins, stride, flags):
        self.name, self.series = name, series
        self.window, self.horizon, self.season = window, horizon, season
        self.origins, self.stride, self.flags = origins, stride, flags

    def first(self, values):
        """The first row that is forecast."""
        return len(values) - self.horizon - (self.origins - 1) * self.stride


def table(name, open=open):
    with open(os.path.join(DATA, name), "rt") as file:
        return pd.read_csv(file)


def followed(known, coming):
    """A share of the series, with the rows that are to be forecast behind the others."""
    return {name: np.concatenate([known[name], coming[name]]) for name in sorted(known)[::EVERY]}


def airline():
    values = table("airline-passengers.csv")["Passengers"].to_numpy(float)
    common = ["--window", "36", "--horizon", "12", "--season", "12"]
    return Case("airline, 12 months", {"airline": values}, 36, 12, 12, 25, 1, {
        "default": common,
        "logarithms": common + ["--transform", "log"],
    })


def co2():
    values = table("co2-weekly-mauna-loa.csv")["co2"].interpolate().to_numpy(float)
    common = ["--window", "104", "--horizon", "52", "--season", "52"]
    return Case("CO2, 52 weeks", {"co2": values}, 104, 52, 52, 34, 13, {
        "default": common,
        "line": common + ["--line"],
        "segments": common + [
            "--model", "segments", "--segment", "13", "--cell", "gru", "--layers", "1", "--hidden", "64",
            "--base", "auto", "--line"],
    })


def m3():
    def half(name):
        rows = table(f"M3-monthly-half-{name}.csv.xz", lzma.open)
        return {key: own["y"].to_numpy(float) for key, own in rows.groupby("series")}

    return Case("M3 monthly, 18 months", followed(half("train"), half("test")), 24, 18, 12, 1, 18, {
        # Many of these series are too short for a validation part.
        "default": ["--window", "24", "--horizon", "18", "--season", "12", "--validation-fraction", "0"],
        "segments": [
            "--window", "24", "--horizon", "18", "--season", "12", "--model", "segments", "--segment", "12", "--cell", "gru",
            "--layers", "1", "--hidden", "64", "--scaling", "level", "--base", "smoothing", "--line", "--transform", "log",
            "--loss", "mae", "--dropout", "0.3", "--batch", "128", "--epochs", "6", "--validation-fraction", "0"],
    })


def m4():
    def part(name, open):
        rows = table(name, open)
        return {row.iloc[0]: row.iloc[1:].dropna().to_numpy(float) for _, row in rows.iterrows()}

    series = followed(
        part("M4-Hourly-train.csv.xz", lzma.open), part("M4-Hourly-test.csv.gz", gzip.open))
    return Case("M4 Hourly, 48 hours", series, 504, 48, 24, 1, 48, {
        "segments": [
            "--window", "504", "--horizon", "48", "--season", "24", "--model", "segments", "--segment", "24", "--cell", "gru",
            "--layers", "1", "--hidden", "128", "--scaling", "mean", "--line", "--transform", "log", "--loss", "mae",
            "--dropout", "0.1", "--batch", "128", "--epochs", "12"],
    })


def ett():
    values = table("ETTh1.csv.xz", lzma.open)["OT"].to_numpy(float)
    return Case("ETTh1 OT, 24 hours", {"OT": values}, 168, 24, 24, 120, 24, {
        "segments": [
            "--window", "168", "--horizon", "24", "--season", "24", "--model", "segments", "--segment", "24", "--cell", "gru",
            "--layers", "1", "--hidden", "128", "--line", "--loss", "mae", "--epochs", "20"],
    })


CASES = {"airline": airline, "co2": co2, "m3": m3, "m4": m4, "ett": ett}


def ours(case, flags, folder):
    """Forecasts of a backtest: series, row, forecast, lower, upper."""
    path, result = os.path.join(folder, "table.csv"), os.path.join(folder, "forecasts.csv")
    with open(path, "w") as file:
        file.write("series,t,y\n")
        for name, values in case.series.items():
            file.writelines(f"{name},{row},{value!r}\n" for row, value in enumerate(values.tolist()))
    subprocess.run(
        [os.environ["RECURRENT"], "backtest", path, "--series", "series", "--time", "t", "--target", "y",
         "--origins", str(case.origins), "--stride", str(case.stride), "--csv", result, "--progress", "silent", *flags],
        check=True, stdout=subprocess.DEVNULL)
    rows = pd.read_csv(result)
    return [(r.series, int(r.time), r.forecast, r.lower, r.upper) for r in rows.itertuples()]


def theirs(case, name):
    """The same of a model of NeuralForecast."""
    from neuralforecast import NeuralForecast, models
    from neuralforecast.losses.pytorch import MQLoss

    kind = getattr(models, name)
    given = {} if name == "DeepAR" else {"loss": MQLoss(level=[80])}
    model = kind(
        h=case.horizon, input_size=case.window, max_steps=STEPS, accelerator="cpu", logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, **given)
    frame = pd.concat([
        pd.DataFrame({"unique_id": key, "ds": np.arange(len(values)), "y": values})
        for key, values in case.series.items()])
    found = NeuralForecast(models=[model], freq=1).cross_validation(
        frame, n_windows=case.origins, step_size=case.stride, refit=False)
    columns = {column.removeprefix(name): column for column in found.columns if column.startswith(name)}
    middle = columns.get("-median", columns.get(""))
    return list(zip(
        found["unique_id"], found["ds"].astype(int), found[middle], found[columns["-lo-80"]], found[columns["-hi-80"]]))


def scores(case, forecasts):
    """MASE, sMAPE and the share held, the mean over all forecasts."""
    units = {}
    for name, values in case.series.items():
        known = values[:case.first(values)]
        units[name] = np.abs(known[case.season:] - known[:-case.season]).mean()
    rows = np.array([
        (abs(case.series[name][row] - value) / units[name] if units[name] > 0 else np.nan,
         200 * abs(case.series[name][row] - value) / max(1e-300, abs(case.series[name][row]) + abs(value)),
         lower <= case.series[name][row] <= upper)
        for name, row, value, lower, upper in forecasts], float)
    expected = len(case.series) * case.origins * case.horizon
    if len(rows) != expected:
        sys.exit(f"{len(rows)} forecasts, expected {expected}")
    mase, smape, held = np.nanmean(rows, axis=0)
    return f"{mase:8.3f} {smape:8.2f} {100 * held:8.0f}"


def main():
    asked = sys.argv[1:] or list(CASES)
    unknown = [name for name in asked if name not in CASES]
    if unknown:
        sys.exit(f"unknown data set {unknown[0]}: " + ", ".join(CASES))
    peers = os.environ.get("PEERS_MODELS", "LSTM,GRU,DeepAR,NHITS").split(",")
    import neuralforecast  # Once, so that its import is no model's time.

    print(f"neuralforecast {neuralforecast.__version__}, {STEPS} steps; {os.cpu_count()} cores")
    for name in asked:
        case = CASES[name]()
        print(f"\n{case.name}: {len(case.series)} series, {case.origins} origins, window {case.window}")
        print(f"{'':24} {'MASE':>8} {'sMAPE':>8} {'held %':>8} {'seconds':>8}", flush=True)
        # Names are those of functions.
        runs = [(f"recurrent, {kind}", lambda folder, flags=flags: ours(case, flags, folder))
                for kind, flags in case.flags.items()]
        runs += [(peer, lambda folder, peer=peer: theirs(case, peer)) for peer in peers]
        for label, run in runs:
            with tempfile.TemporaryDirectory() as folder:
                start = time.monotonic()
                forecasts = run(folder)
                seconds = time.monotonic() - start
            print(f"{label:24} {scores(case, forecasts)} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
