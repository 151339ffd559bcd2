"""Every benchmark runs: with little data each of them ends within seconds, and its table has its rows."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent

NUMBER = r"[\d,.]*\d"
SHOWS = {
    "actions": [rf"an action after 20 +{NUMBER} ms", rf"get, bare requests +{NUMBER} ms"],
    "commands": [rf"doctor, no server +{NUMBER} s", rf"find, 50 rows +{NUMBER} s"],
    "exports": [rf"plain +1,000 rows .*{NUMBER} rows/s", rf"dyno +1,000 rows .*{NUMBER} rows/s"],
    "groupby": ["1,000 rows, .* equal results", rf"pandas on the six columns( +{NUMBER}){{4}}"],
    "mirror": [NUMBER],
    "patterns": [rf"contract/masking\.py .*{NUMBER}"],
    "planning": [rf"query string +cold( +{NUMBER}){{2}}", rf"created +1,000( +{NUMBER}){{3}}"],
    "sandbox_clients": ["acknowledged rows checked .* lost 0", rf"find +{NUMBER} +p50 +{NUMBER} ms"],
    "sandbox_scale": [rf"no order, first page( +{NUMBER}){{12}}"],
    "scans": [
        rf"requests, bytes only( +(nan|{NUMBER})){{7}}",
        rf"dyno_frames, typed frame( +(nan|{NUMBER})){{7}}",
    ],
}
"""What the table of each shows. The others start kernels, browsers or many processes, and are run by hand."""

BY_HAND = {"clusters", "export_kills", "faults", "interrupts", "mirror_kills", "panel_table"}


@pytest.mark.parametrize("name", SHOWS)
def test_a_benchmark_runs_with_little_data_and_prints_its_table(name, tmp_path):
    if name == "mirror" and not find_spec("duckdb"):
        pytest.skip("duckdb is not installed: it comes with the extra 'test'")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--tiny", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert re.search(r"^\d{4}-\d\d-\d\d .* cores, .*Python 3", done.stdout)
    rows = re.findall(rf"^\| {name} \| `(.*)` \|$", done.stdout, re.MULTILINE)
    for shown in SHOWS[name]:
        assert any(re.search(shown, row) for row in rows), done.stdout


def test_every_benchmark_is_run_by_one_command():
    parts = {"scans_peers", "scans_server"}  # programs that scans starts
    programs = {
        path.stem
        for path in FOLDER.glob("[!_]*.py")
        if "\nif __name__ == " in path.read_text(encoding="utf-8")
    }
    wrong = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "all"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2
    named = set(re.findall(r"\w+", wrong.stderr.partition("expected one of")[2]))
    assert named == programs - parts == {*SHOWS, *BY_HAND}
