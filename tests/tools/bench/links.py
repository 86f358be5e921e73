"""Link-table benchmark: read and check a million rows, compared with pandas reading the same table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bench.generate import save
from bench.report import ReportTable
from bench.runs import BenchRun, BenchTask, Stopwatch, memory, together

ROWS = 1_000_000
HEADS = (
    ("run", "text"),
    ("rows", "count"),
    ("seconds", "ratio"),
    ("MB", "mb"),
    ("seconds / pandas's", "ratio"),
    ("MB / pandas's", "ratio"),
)


def write_links(folder: Path, rows: int = ROWS, seed: int = 1) -> Path:
    """Write a valid dataset with `rows` links of random length and cost between its sites; return its folder."""
    random = np.random.default_rng(seed)
    count = int(np.ceil((1 + np.sqrt(1 + 4 * rows)) / 2))  # that many sites have at least so many directed pairs
    sites = np.array([f"site-{index:05d}" for index in range(count)])
    start, end = np.divmod(np.arange(count * count), count)
    apart = np.flatnonzero(start != end)[:rows]
    links = pd.DataFrame(
        {
            "from_site": sites[start[apart]],
            "to_site": sites[end[apart]],
            "commodity": "gas",
            "mode": "pipe",
            "km": random.uniform(1, 50, rows).round(2),
            "cost_per_unit": random.uniform(0, 20, rows).round(3),
            "loss": random.uniform(0, 0.02, rows).round(5),
            "capacity": random.uniform(1e3, 1e5, rows).round(0),
            "fixed_capex": random.uniform(1e5, 1e7, rows).round(0),
        }
    )
    tables = {
        "enterprises": pd.DataFrame({"enterprise": ["region"]}),
        "sites": pd.DataFrame({"site": sites, "enterprise": "region"}),
        "commodities": pd.DataFrame({"commodity": ["gas"], "unit": ["kNm3"]}),
        "transport": pd.DataFrame({"mode": ["pipe"], "commodity": ["gas"], "max_km": [80.0], "capex_per_km": [1e6]}),
        "links": links,
    }
    return save(folder, f"links-{rows}", tables)


def checked(folder: str, _seconds: float) -> BenchRun:
    """Read and check the whole dataset."""
    from synergy.dataset.read import check

    clock = Stopwatch()
    dataset, problems = check(folder)
    if dataset is None:
        return BenchRun(error=f"{len(problems)} problems, the first: {problems[0].line('en')}")
    return BenchRun(seconds=clock.seconds, memory_mb=memory(), size=(len(dataset["links"]), 0, 0))


def read_alone(folder: str, _seconds: float) -> BenchRun:
    """Read the link table with pandas alone."""
    clock = Stopwatch()
    frame = pd.read_csv(Path(folder) / "links.csv")
    return BenchRun(seconds=clock.seconds, memory_mb=memory(), size=(len(frame), 0, 0))


def links(folder: Path, rows: int = ROWS) -> Iterator[ReportTable]:
    """Yield the table of both runs, one after the other."""
    write_links(folder, rows)
    base, own = together([BenchTask(read_alone, folder, 300.0), BenchTask(checked, folder, 300.0)], pair=False)
    ratios = (None, None) if own.error else (own.seconds / base.seconds, own.memory_mb / base.memory_mb)
    table = [
        ("pandas.read_csv", base.size[0], base.seconds, base.memory_mb, None, None),
        (own.error or "synergy check", own.size[0], own.seconds, own.memory_mb, *ratios),
    ]
    yield ReportTable("links: reading and checking beside reading alone", HEADS, table)
