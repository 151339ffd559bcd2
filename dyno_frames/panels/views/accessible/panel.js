// The panel for keyboards and screen readers. It draws a view model and sends what the user does; it decides nothing.
// Every text is inserted as text, never as HTML. A focused button keeps Jupyter's single-letter shortcuts away.

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function button(key, label, press, { reason = "", ...attributes } = {}) {
  const disabled = reason ? { "aria-disabled": "true", title: reason } : {};
  return h("button", {
    type: "button", "data-key": key, "data-lm-suppress-shortcuts": "true", ...disabled, ...attributes,
    onclick: () => { if (!reason) press(); },
  }, label);
}

const badge = (word, current) =>
  h("span", { class: `dyno-badge ${current ? `dyno-${word.replace(/[^a-z]/g, "")}` : "dyno-old"}` }, word);
const tone = (name) => ({ class: { main: "dyno-main", danger: "dyno-danger" }[name] ?? null });
const bar = ([value, max], label) => h("progress", { max, value,
  ...(label ? { "aria-label": "Sent", "aria-valuetext": label } : { "aria-hidden": "true" }) });
const list = (lines) => h("ul", {}, ...lines.map((line) => h("li", {}, line)));
const field = (key, label, attributes) => {
  const input = h("input", { "data-key": key, "data-lm-suppress-shortcuts": "true", ...attributes });
  return [h("label", {}, h("span", {}, label), input), input];
};

function head(view, send) {
  const refresh = button("refresh", "Refresh", () => send("refresh"));
  return h("div", { class: "dyno-line" }, h("h2", {}, view.title), h("div", { class: "dyno-line dyno-push" },
    h("span", { class: "dyno-as-of" }, view.as_of), refresh));
}

function tools(view, send) {
  if (!view.table?.any) return h("div");
  const [label, search] = field("find", "Find", { placeholder: "name, subject or id" });
  const options = ["", ...view.table.statuses].map((word) => h("option", { value: word }, word || "Any status"));
  const status = h("select", { "data-key": "status", "aria-label": "Status" }, ...options);
  let timeout = 0;
  const filter = () => send("filter", { search: search.value, status: status.value });
  search.addEventListener("input", () => {
    clearTimeout(timeout); // while the user types, only the last text is sent
    timeout = setTimeout(filter, 150);
  });
  status.addEventListener("change", filter);
  return h("div", { class: "dyno-line dyno-tools" }, label, status);
}

// The roles repeat what the tags say, because a table that is laid out as a grid loses them in some browsers.
function cell(row, [key, label, value, warning]) {
  const progress = key === "sent" && row.progress;
  const kinds = `dyno-td dyno-number${progress ? " dyno-wide-cell" : ""}${warning ? " dyno-high" : ""}`;
  const node = h("td", { role: "cell", class: kinds, title: warning || null });
  if (value) {
    node.append(h("span", { class: "dyno-label" }, label));
    if (warning) node.append(h("span", { class: "dyno-flag" }, "high"));
    node.append(value);
    if (progress) node.append(bar(progress));
  }
  return node;
}

function row(one, send) {
  const select = h("input", {
    type: "checkbox", "aria-label": `Select ${one.name}`, "data-key": `select-${one.id}`,
    "data-lm-suppress-shortcuts": "true", ...(one.selected ? { checked: "" } : {}),
    onchange: (event) => send("select", { ids: [one.id], selected: event.target.checked }),
  });
  const open = button(`row-${one.id}`, one.name, () => send("open", { id: one.id }),
    { "aria-pressed": String(one.open), class: "dyno-row" });
  return h("tr", { role: "row", class: `dyno-tr${one.open ? " dyno-open" : ""}` },
    h("td", { role: "cell", class: "dyno-td dyno-check" }, select),
    h("td", { role: "cell", class: "dyno-name" }, open),
    h("td", { role: "cell", class: "dyno-td" }, badge(one.status, one.current)), ...one.cells.map((part) => cell(one, part)));
}

function table({ table, bulk }, send) {
  if (!table) return h("div");
  if (table.empty) return h("p", { class: "dyno-none" }, table.empty);
  const headings = table.headings.map(([key, label, sort, number]) =>
    h("th", { role: "columnheader", scope: "col", "aria-sort": sort, class: "dyno-th" },
      button(`sort-${key}`, label, () => send("sort", { key }),
        { class: `dyno-sort${number ? " dyno-number" : ""}${sort === "none" ? "" : " dyno-sorted"}` })));
  const pages = h("div", { class: "dyno-line dyno-push" },
    button("previous", "Previous", () => send("page", { page: table.page - 1 }),
      { reason: table.page ? "" : "this is the first page" }),
    h("span", { class: "dyno-quiet" }, table.page_text),
    button("next", "Next", () => send("page", { page: table.page + 1 }),
      { reason: table.page + 1 < table.pages ? "" : "this is the last page" }));
  const selection = h("div", { class: "dyno-line" },
    button("select-page", "Select this page", () => send("select", { ids: table.rows.map((one) => one.id), selected: true })),
    ...(bulk.selected.length ? [button("select-none", "Clear selection",
      () => send("select", { ids: bulk.selected, selected: false }))] : []),
    ...bulk.buttons.map(([key, label, kind]) =>
      button(`bulk-${key}`, label, () => send("press_bulk", { button: key }), tone(kind))),
    ...(bulk.selected.length && bulk.hint ? [h("span", {}, bulk.hint)] : []));
  return h("div", { class: "dyno-stack" },
    h("table", { role: "table", class: "dyno-table dyno-campaigns" }, h("caption", {}, "Campaigns"),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row", class: "dyno-tr dyno-head-row" },
        h("td", { role: "cell", class: "dyno-corner" }), ...headings)),
      h("tbody", { role: "rowgroup" }, ...table.rows.map((one) => row(one, send)))),
    h("div", { class: "dyno-line dyno-foot" }, selection, pages));
}

const pairs = (rows) => h("dl", {}, ...rows.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));

function details({ details }) {
  if (!details) return h("div");
  const metrics = details.metrics.map(([label, value, share, warning]) =>
    h("div", { class: `dyno-metric${warning ? " dyno-high" : ""}` }, h("span", {}, label), h("b", {}, value),
      h("span", {}, share), warning ? h("span", { class: "dyno-limit" }, warning) : null));
  const [done, whole, words] = details.progress ?? [];
  return h("div", {}, h("h3", { class: "dyno-title" }, h("bdi", {}, details.name), badge(details.status, details.current)),
    ...(details.progress ? [bar([done, whole], words), h("div", {}, words)] : []),
    metrics.length ? h("div", { class: "dyno-metrics" }, ...metrics) : null, pairs(details.pairs));
}

function unresolved({ unresolved }, send) {
  if (!unresolved.length) return h("div");
  const [first, ...rest] = unresolved;
  return h("div", { class: "dyno-unknown dyno-stack", role: "group", "aria-label": first },
    h("p", { class: "dyno-lead" }, first), ...rest.map((line) => h("p", {}, line)),
    h("div", {}, button("check", "Check again", () => send("resolve"), tone("main"))));
}

function buttons({ buttons, why, disabled }, send) {
  const summary = () => h("summary", { "data-lm-suppress-shortcuts": "true", "data-key": "why" }, why);
  return h("div", { class: "dyno-stack" },
    buttons.length ? h("div", { class: "dyno-line", role: "group", "aria-label": "Actions" },
      ...buttons.map(([key, label, kind]) => button(`button-${key}`, label, () => send("press", { button: key }), tone(kind)))) : null,
    why ? h("details", {}, summary(), list(disabled)) : h("div", { class: "dyno-quiet" }, ...disabled));
}

function form({ form }, send, zones) {
  const now = h("input", { type: "radio", name: `when-${form.serial}`, checked: true, "data-key": "now",
    "data-lm-suppress-shortcuts": "true" });
  const later = h("input", { type: "radio", name: `when-${form.serial}`, "data-key": "at-time",
    "data-lm-suppress-shortcuts": "true" });
  const [timeLabel, time] = field("time", "Time", { placeholder: "YYYY-MM-DD HH:MM" });
  const id = `dyno-zones-${form.serial}-${Math.random().toString(36).slice(2)}`;
  const [zoneLabel, zone] = field("zone", "Time zone", { list: id, value: form.zone });
  const hint = h("div", { role: "status", class: "dyno-hint dyno-quiet" });
  const which = h("div", { class: "dyno-readings" });
  const typed = () => send("time", { when: now.checked ? "" : time.value, zone: zone.value, shown: !now.checked });
  time.addEventListener("input", () => { later.checked = true; typed(); });
  for (const input of [zone, now, later]) input.addEventListener("change", typed);
  const when = form.timed ? h("fieldset", {}, h("legend", {}, "When"), h("label", {}, now, " Now"),
    h("label", {}, later, " At the time below"), timeLabel, zoneLabel,
    h("datalist", { id }, ...zones.map((name) => h("option", { value: name }))), hint, which) : null;
  const fields = form.fields.map(([name, label, placeholder]) => [name, ...field(name, label, { placeholder })]);
  const errors = h("div", { class: "dyno-errors", role: "alert" });
  const submit = () => send("form", {
    serial: form.serial, when: !form.timed || now.checked ? "" : time.value || "no time", time_zone: zone.value,
    fold: which.querySelector("input:checked")?.value ?? null,
    overrides: fields.map(([name, , input]) => [name, input.value]),
  });
  const node = h("form", { "aria-label": form.title, class: "dyno-form", onsubmit: (event) => event.preventDefault() },
    h("p", { class: "dyno-lead" }, form.title), h("p", {}, form.note), when,
    ...fields.map(([, label]) => label), errors, h("div", { class: "dyno-line" },
      button("back", "Back", () => send("dismiss")), button("review", "Review…", submit, tone("main"))));
  node.first = form.timed ? now : fields[0][2];
  node.update = ({ form: fresh }, time_hint) => {
    errors.replaceChildren(...(fresh.errors.length ? [list(fresh.errors)] : []));
    if (hint.textContent !== time_hint.text) hint.textContent = time_hint.text;
    if (which.dataset.readings === JSON.stringify(time_hint.readings)) return;
    which.dataset.readings = JSON.stringify(time_hint.readings);
    which.replaceChildren(...time_hint.readings.map((words, fold) => h("label", {}, h("input", {
      type: "radio", name: `fold-${form.serial}`, value: fold, "data-lm-suppress-shortcuts": "true" }), ` ${words}`)));
  };
  return node;
}

function copy_as({ serial, note, texts }, review) {
  if (serial !== review.serial) return null;
  const summary = (text) => h("summary", { "data-lm-suppress-shortcuts": "true" }, text);
  const program = (label, text, error) => h("details", {}, summary(`Copy as ${label}`), error ? h("p", {}, error) : h("textarea", {
    readonly: true, rows: 12, class: "dyno-program", "aria-label": `Program in ${label}`, "data-lm-suppress-shortcuts": "true" }, text));
  return h("details", {}, summary("Copy as a program"), h("p", { class: "dyno-quiet" }, note),
    ...texts.map((one) => program(...one)));
}

function review({ review }, send, programs) {
  const id = `dyno-headline-${review.serial}-${Math.random().toString(36).slice(2)}`;
  const changes = review.changes.map(([name, old, fresh]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", {}, h("del", {}, old || "(empty)")), h("td", {}, "→"), h("td", {}, h("ins", {}, fresh))));
  const rows = review.rows.map((one) => h("tr", {}, ...one.map((value) => h("td", {}, value))));
  const [label, typed] = field("typed", review.required_line, { autocomplete: "off" });
  label.className = "dyno-confirm-field";
  typed.addEventListener("input", () => send("typed", { serial: review.serial, typed: typed.value }));
  const errors = h("div", { class: "dyno-errors", role: "alert" });
  const timer = h("span", { class: "dyno-timer", role: "timer", "aria-live": "off" });
  const keep = button("keep", review.keep, () => send("dismiss"), { "aria-describedby": id });
  const confirm = button("confirm", review.confirm, () => {
    if (confirm.getAttribute("aria-disabled") !== "true") send("confirm", { serial: review.serial, typed: typed.value });
  }, { class: `dyno-solid dyno-${review.tone}` });
  const danger = review.tone === "danger" ? " dyno-irreversible" : "";
  const node = h("div", { class: `dyno-review dyno-stack${danger}`, role: "group", "aria-labelledby": id },
    h("p", { id, class: "dyno-lead" }, review.headline),
    changes.length ? h("table", { class: "dyno-changes" }, h("caption", {}, "Changed"), h("tbody", {}, ...changes)) : null,
    rows.length ? h("div", { class: "dyno-many" }, h("table", { class: "dyno-plain" }, h("tbody", {}, ...rows))) : null,
    review.pairs.length ? pairs(review.pairs) : null,
    ...review.lines.map((line) => h("p", {}, line)), review.required_line ? label : null, errors,
    h("div", { class: "dyno-line" }, keep, confirm, timer), copy_as(programs, review));
  node.first = keep;
  node.update = ({ review: fresh }, _hint, ready) => {
    const waits = Boolean(review.required_line) && ready !== review.serial;
    confirm.setAttribute("aria-disabled", String(waits));
    confirm.title = waits ? `${review.required_line} first` : "";
    timer.textContent = fresh.expires;
    const text = fresh.errors.join("; ");
    if (errors.textContent !== text) errors.textContent = text;
  };
  return node;
}

function phase(view) {
  if (view.form) return ["form", view.form.serial];
  if (view.review) return ["review", view.review.serial];
  return [view.loading ? "loading" : "buttons", 0];
}

function render({ model, el }) {
  const send = (kind, parts = {}) => model.send({ kind, ...parts });
  const root = h("section", { class: "dyno dyno-stack dyno-panel dyno-accessible" });
  const names = ["head", "tools", "table", "details", "unresolved", "actions"];
  const places = Object.fromEntries(names.map((name) => [name, h("div")]));
  const connection = h("div", { class: "dyno-lost-line", role: "status", hidden: true });
  const notice = h("div", { class: "dyno-notice", role: "status", "aria-live": "polite" });
  const journal = h("details", {}, h("summary", { "data-lm-suppress-shortcuts": "true" }), h("div"));
  const details_area = h("div", { class: "dyno-details dyno-stack" },
    places.details, notice, places.unresolved, places.actions);
  root.append(places.head, connection, places.tools, places.table, details_area, journal);
  el.replaceChildren(root);
  const drawn = {};
  let open = null, shown = "", last = "", pressed = false, late = false;

  function put(name, key, make) { // a part is created again only when it changes, and the focus stays where it was
    if (drawn[name] === key) return;
    drawn[name] = key;
    const focused = places[name].contains(document.activeElement) ? document.activeElement.dataset.key : null;
    places[name].replaceChildren(make());
    if (focused) places[name].querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  function draw() {
    late = pressed; // a part that is replaced under a pressed button or key would lose the click
    if (pressed) return;
    const view = model.get("view");
    root.setAttribute("aria-label", view.label);
    root.classList.toggle("dyno-lost", Boolean(view.connection));
    connection.hidden = !view.connection;
    if (connection.textContent !== view.connection) connection.textContent = view.connection;
    put("head", view.title, () => head(view, send));
    places.head.querySelector(".dyno-as-of").textContent = view.as_of;
    put("tools", String(Boolean(view.table?.any)), () => tools(view, send));
    put("table", JSON.stringify([view.table, view.bulk]), () => table(view, send));
    put("details", JSON.stringify(view.details), () => details(view));
    details_area.hidden = !(view.details || view.form || view.review || view.loading || view.notice.word || view.notice.details.length);
    details_area.classList.toggle("dyno-alone", !view.table);
    put("unresolved", JSON.stringify(view.unresolved), () => unresolved(view, send));
    const said = JSON.stringify(view.notice);
    if (drawn.notice !== said) {
      drawn.notice = said;
      const { word, text, details } = view.notice;
      notice.replaceChildren(...(word ? [h("b", {}, `${word}: `), text] : []), ...(details.length ? [list(details)] : []));
    }
    journal.hidden = !view.journal.length;
    journal.firstChild.textContent = "Journal";
    journal.lastChild.replaceChildren(list(view.journal));
    const [kind, serial] = phase(view);
    const key = `${kind}-${serial}`;
    if (kind === "buttons") put("actions", `buttons${JSON.stringify([view.buttons, view.why, view.disabled])}`, () => buttons(view, send));
    else if (kind === "loading") put("actions", key, () => h("p", { role: "status" }, "Loading the review…"));
    else put("actions", key, () => (open = kind === "form" ? form(view, send, model.get("zones")) : review(view, send, model.get("programs"))));
    if (kind === "form" || kind === "review") open.update(view, model.get("time_hint"), model.get("ready"));
    if (key !== shown) {
      if (shown && (kind === "form" || kind === "review")) open.first.focus();
      if (shown && kind === "buttons" && last) {
        const back = places.actions.querySelector(`[data-key="${CSS.escape(last)}"]`);
        (back ?? places.head.querySelector("button")).focus();
      }
      shown = key;
    }
  }

  places.actions.addEventListener("click", (event) => {
    const key = event.target.dataset?.key ?? "";
    if (key.startsWith("button-")) last = key;
  });
  // Without a kernel a click has no effect, so the panel must not look as if it had.
  const disconnect = () => {
    root.classList.add("dyno-disconnected");
    root.inert = true;
    notice.replaceChildren(h("b", {}, "No kernel: "), "this panel is out of date and cannot be used; run the cell again.");
  };
  // The second click of a double click may find another button in the place of the first one: it was not meant for it.
  let clicked = "";
  root.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key ?? "";
    if (event.detail > 1 && key !== clicked) event.stopPropagation();
    if (event.detail < 2) clicked = key;
  }, true);
  // A press lasts until its click was handled. The right button's press may never end, because it opens a menu.
  let release = 0;
  const press = (event) => {
    if (event.key !== " " && event.button !== 0) return;
    clearTimeout(release);
    pressed = true;
  };
  const released = (event) => {
    if (event.type === "keyup" && event.key !== " ") return;
    clearTimeout(release);
    release = setTimeout(() => {
      pressed = false;
      if (late) draw();
    });
  };
  const ends = ["pointerup", "pointercancel", "keyup", "blur"];
  for (const name of ["pointerdown", "keydown"]) root.addEventListener(name, press);
  for (const name of ends) window.addEventListener(name, released, true);
  model.on("comm_live_update", disconnect);
  model.on("change:view", draw);
  model.on("change:time_hint", draw);
  model.on("change:ready", draw);
  draw();
  return () => {
    for (const name of ends) window.removeEventListener(name, released, true);
    model.off("comm_live_update", disconnect);
    model.off("change:view", draw);
    model.off("change:time_hint", draw);
    model.off("change:ready", draw);
  };
}

export default { render };
