"""What stands in the notebooks: outputs for readers without Python, and nothing that one machine or person has."""

from __future__ import annotations

import ast
import copy
import re

import nbformat
import pytest
from rerun import KERNEL, NOTEBOOKS, PICTURES, README, ROOT, WIDGET, picture, stored

SECRETS = {
    "the key's header": re.compile(r"(?i)user-api-key"),
    "a sandbox's key": re.compile(r"(?<![\w+/=-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{32}(?![\w+/=-])"),
    "an address on this machine": re.compile(r"127\.0\.0\.1|localhost"),
    "an absolute path": re.compile(
        r"(?<![\w.:<])/(?:home|Users|root|tmp|var|private|opt|usr|work)/|\b[A-Z]:\\\w"
    ),
    "an object's place in memory": re.compile(r"\b0x[0-9a-f]{6,}"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w"),
}
"""What may stand in no notebook."""

MAX_BYTES = 150_000


def texts(notebook):
    """Yield every text of a notebook; pictures are none."""
    yield str(notebook.metadata)
    for cell in notebook.cells:
        yield f"{cell.source}\n{cell.metadata}"
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield from (str(value) for form, value in output.get("data", {}).items() if form != "image/png")


def secrets(notebook):
    """Return what may not stand in a notebook and does."""
    return [what for text in texts(notebook) for what, pattern in SECRETS.items() if pattern.search(text)]


def missing(cell):
    """Return which outputs a code cell must have and has not: printed text, a shown value, a picture."""
    plain = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
    tree = ast.parse(plain)
    last = tree.body[-1]
    called = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    needs = {
        "text": "print" in called,
        "value": isinstance(last, ast.Expr) and not re.search(r"(^print\(|\.close\(\)$)", ast.unparse(last)),
        "picture": any(".plot." in name for name in called),
    }
    has = {
        "text": any(output.output_type == "stream" and output.name == "stdout" for output in cell.outputs),
        "value": any(output.output_type == "execute_result" for output in cell.outputs),
        "picture": any("image/png" in output.get("data", {}) for output in cell.outputs),
    }
    return [form for form, needed in needs.items() if needed and not has[form]]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert [path.name[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_", "05_"]


def test_every_cell_that_shows_something_is_stored_with_it(notebook):
    assert {cell.source: missing(cell) for cell in code_cells(notebook) if missing(cell)} == {}


def test_no_output_is_an_error_or_a_warning(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert [one for one in outputs if one.output_type == "error" or one.get("name") == "stderr"] == []


def test_no_key_path_or_address_stands_in_a_notebook(notebook):
    assert secrets(notebook) == []


def test_a_notebook_says_at_once_that_its_figures_are_simulated(notebook):
    assert "simulated" in notebook.cells[0].source


def test_a_notebook_runs_on_any_kernel_of_python_and_keeps_nothing_of_a_run(notebook):
    assert notebook.metadata.kernelspec == KERNEL
    assert notebook == stored(copy.deepcopy(notebook))


def test_no_cell_closes_what_a_widget_of_the_notebook_needs(notebook):
    code = "\n".join(cell.source for cell in code_cells(notebook))
    if re.search(r"\.(panel|builder|preview)\(", code):
        assert ".close()" not in code


def test_a_screenshot_is_called_one_below_it(notebook):
    for cell in notebook.cells:
        for below in re.findall(
            r"!\[[^]]*\]\(pictures/(?:builder|panel)\w*\.png\)(.*)", cell.source + "\n", re.DOTALL
        ):
            assert below.lstrip().startswith("*A screenshot")


def test_pictures_of_the_readme_are_those_of_the_notebooks():
    for name, (source, words) in PICTURES.items():
        drawn = picture(nbformat.read(ROOT / "notebooks" / source, as_version=4), words)
        assert (ROOT / "notebooks" / "pictures" / name).read_bytes() == drawn


def test_every_picture_is_small_and_shown_somewhere():
    shown = README.read_text(encoding="utf-8") + "".join(
        path.read_text(encoding="utf-8") for path in NOTEBOOKS
    )
    pictures = sorted((ROOT / "notebooks" / "pictures").iterdir())
    assert [path.name for path in pictures if f"pictures/{path.name}" not in shown] == []
    assert [path.name for path in pictures if path.stat().st_size >= MAX_BYTES] == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{'User-Api-Key': '…'}", "the key's header"),
        ("Client('http://127.0.0.1:4711')", "an address on this machine"),
        ("Dataset('/{}/x/campaigns.parquet')".format("tmp"), "an absolute path"),
        ("<Axes at 0x7f860a5dcd60>", "an object's place in memory"),
        ("ann.lee@example.com", "an e-mail address"),
    ],
)
def test_what_may_not_stand_in_a_notebook_is_found_in_an_output(notebook, text, what):
    spoilt = copy.deepcopy(notebook)
    code_cells(spoilt)[0].outputs.append(nbformat.v4.new_output("stream", text=f"see {text}"))
    assert secrets(spoilt) == [what]


def test_the_key_of_a_sandbox_is_found_in_a_cells_metadata(notebook, sandbox):
    spoilt = copy.deepcopy(notebook)
    code_cells(spoilt)[0].metadata["widget"] = sandbox.api_key
    assert "a sandbox's key" in secrets(spoilt)
    assert "a sandbox's key" not in secrets(stored(spoilt))


@pytest.mark.parametrize(
    ("source", "forms"),
    [
        ("frame.head()", ["value"]),
        ("%matplotlib inline\nprint(frame)", ["text"]),
        ("_ = frame.dyno.plot.funnel()", ["picture"]),
        ("if frame.empty:\n    print('none')", ["text"]),
        ("frame = client.campaigns.frame()", []),
        ("client.close()", []),
    ],
)
def test_a_cell_without_its_output_is_found(source, forms):
    assert missing(nbformat.v4.new_code_cell(source)) == forms


def test_an_output_that_only_its_kernel_can_show_is_not_stored():
    shown = nbformat.v4.new_output("display_data", {WIDGET: {"model_id": "1"}, "text/plain": "CampaignPanel"})
    cell = nbformat.v4.new_code_cell("panel", outputs=[shown], metadata={"execution": {"start": "now"}})
    kept = stored(nbformat.v4.new_notebook(cells=[cell])).cells[0]
    assert kept.outputs[0].data == {"text/plain": "CampaignPanel"}
    assert kept.metadata == {}
