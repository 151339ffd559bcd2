"""A press of the accessible panel is never lost, whatever is drawn before it ends. No kernel: the test sends the views."""

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from front import KEY

import dyno_frames as dyno

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_spec("anywidget"), reason="anywidget is not installed"),
]

OPEN = """async ([script, view]) => {
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  const values = { view, time_hint: { text: "", readings: [] }, ready: 0, zones: [] }, listeners = {};
  window.sent = [];
  const model = { get: (name) => values[name], send: (message) => window.sent.push(message),
    on: (name, listener) => { listeners[name] = listener; }, off: () => {} };
  module.default.render({ model, el: document.body });
  window.show = (fresh) => { values.view = fresh; listeners["change:view"](); };
}"""


@pytest.fixture(scope="module")
def views():
    """Views of one account: before and after a campaign's name changed, and of one that runs and then is paused."""
    from dyno_frames.panels.views import accessible

    script = Path(accessible.__file__).with_name("panel.js").read_text(encoding="utf-8")
    with_names, of_pause = [], []
    with dyno.sandbox(speed=0, api_key=KEY) as box:
        for name in ("Before", "After"):
            with box.client() as client:
                drafts = client.campaigns.find("status == 'draft'", columns=["id"], limit=3)
                client.campaigns.update(drafts["id"].iloc[0], name=name)
                panel = accessible.AccessiblePanel(
                    client, client.campaigns.find("status == 'draft'", limit=3)
                )
                with_names.append(json.loads(json.dumps(panel.view)))
                panel.close()
        with box.client() as client:
            running = client.campaigns.find("status == 'running'", columns=["id"], limit=1)["id"].iloc[0]
            panel = accessible.AccessiblePanel(client, running, watch=False)
            of_pause.append(json.loads(json.dumps(panel.view)))
            panel.close()
            client.campaigns.pause(running)
        with box.client() as client:
            panel = accessible.AccessiblePanel(client, running, watch=False)
            of_pause.append(json.loads(json.dumps(panel.view)))
            panel.close()
    return SimpleNamespace(
        script=script, before=with_names[0], after=with_names[1], running=of_pause[0], paused=of_pause[1]
    )


@pytest.fixture
def page(browser, views):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(5_000)
    page.goto("about:blank")
    page.evaluate(OPEN, [views.script, views.before])
    yield page
    context.close()


def row(page, name):
    return page.get_by_role("button", name=name, exact=True)


def sent(page):
    return page.evaluate("() => window.sent.map((message) => message.kind)")


def show(page, view):
    page.evaluate("(view) => window.show(view)", view)


def test_a_key_that_is_held_while_the_panel_is_drawn_again_presses_its_button(page, views):
    row(page, "Before").focus()
    page.keyboard.down("Space")
    show(page, views.after)
    page.keyboard.up("Space")
    row(page, "After").wait_for()
    assert sent(page) == ["open"]


def test_a_mouse_button_that_is_held_while_the_panel_is_drawn_again_presses_its_button(page, views):
    row(page, "Before").hover()
    page.mouse.down()
    show(page, views.after)
    page.mouse.up()
    row(page, "After").wait_for()
    assert sent(page) == ["open"]


def test_a_second_press_right_after_a_first_one_is_not_ended_by_it(page, views):
    page.evaluate(
        """([view]) => new Promise((done) => {
          const root = document.querySelector(".dyno-panel");
          const fire = (name) => root.dispatchEvent(new PointerEvent(name, { bubbles: true, button: 0 }));
          fire("pointerdown"); fire("pointerup"); fire("pointerdown");
          setTimeout(() => { window.show(view); done(); }, 50);
        })""",
        [views.after],
    )
    assert row(page, "Before").is_visible()
    page.evaluate("() => window.dispatchEvent(new PointerEvent('pointerup'))")
    row(page, "After").wait_for()


@pytest.mark.parametrize("button", ["right", "middle"])
def test_a_press_that_opens_a_menu_does_not_stop_the_drawing(page, views, button):
    row(page, "Before").hover()
    page.mouse.down(button=button)
    show(page, views.after)
    assert row(page, "After").is_visible()


def test_a_press_that_never_ends_here_ends_when_the_window_loses_the_focus(page, views):
    row(page, "Before").focus()
    page.keyboard.down("Space")
    show(page, views.after)
    page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    row(page, "After").wait_for()
    assert sent(page) == []


def test_the_second_click_of_a_double_click_presses_no_button_that_came_in_the_place_of_the_first(
    page, views
):
    show(page, views.running)
    box = row(page, "Pause").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down(click_count=1)
    page.mouse.up(click_count=1)
    page.wait_for_function("() => window.sent.length === 1")
    show(page, views.paused)
    row(page, "Pause").wait_for(state="detached")
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    show(page, views.paused)
    assert sent(page) == ["press"]
    page.mouse.down(click_count=1)
    page.mouse.up(click_count=1)
    assert sent(page) == ["press", "press"]


def test_both_clicks_of_a_double_click_on_one_button_count(page):
    row(page, "Before").dblclick()
    assert sent(page) == ["open", "open"]
