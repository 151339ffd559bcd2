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

const badge = (word) => h("span", { class: `dyno-badge dyno-${word.replace(/[^a-z]/g, "")}` }, word);
const list = (lines) => h("ul", {}, ...lines.map((line) => h("li", {}, line)));
const field = (key, label, attributes) => {
  const input = h("input", { "data-key": key, "data-lm-suppress-shortcuts": "true", ...attributes });
  return [h("label", {}, h("span", {}, label), input), input];
};

function tools(view, send) {
  const refresh = button("refresh", "Refresh", () => send("refresh"));
  const age = h("span", { class: "dyno-as-of" }, view.as_of);
  if (!view.table) return h("div", { class: "dyno-tools" }, refresh, age);
  const [label, search] = field("find", "Find", { placeholder: "name, subject or id" });
  const options = ["", ...view.table.statuses].map((word) => h("option", { value: word }, word || "any status"));
  const status = h("select", { "data-key": "status", "aria-label": "Status" }, ...options);
  let timeout = 0;
  const filter = () => send("filter", { search: search.value, status: status.value });
  search.addEventListener("input", () => {
    clearTimeout(timeout); // while the user types, only the last text is sent
    timeout = setTimeout(filter, 150);
  });
  status.addEventListener("change", filter);
  return h("div", { class: "dyno-tools" }, label, status, refresh, age);
}

function table({ table, bulk }, send) {
  if (!table) return h("div");
  const headings = table.headings.map(([key, label, sort]) =>
    h("th", { scope: "col", "aria-sort": sort }, button(`sort-${key}`, label, () => send("sort", { key }))));
  const rows = table.rows.map((row) => h("tr", {},
    h("td", {}, h("input", {
      type: "checkbox", "aria-label": `Select ${row.name}`, "data-key": `select-${row.id}`,
      "data-lm-suppress-shortcuts": "true", ...(row.selected ? { checked: "" } : {}),
      onchange: (event) => send("select", { ids: [row.id], selected: event.target.checked }),
    })),
    h("td", {}, button(`row-${row.id}`, row.name, () => send("open", { id: row.id }),
      { "aria-pressed": String(row.open), class: "dyno-row" })),
    h("td", {}, badge(row.status)), h("td", {}, row.sent), h("td", {}, row.start)));
  const pages = h("div", { class: "dyno-line" },
    button("previous", "Previous", () => send("page", { page: table.page - 1 }),
      { reason: table.page ? "" : "this is the first page" }),
    h("span", {}, table.page_text),
    button("next", "Next", () => send("page", { page: table.page + 1 }),
      { reason: table.page + 1 < table.pages ? "" : "this is the last page" }));
  const selection = h("div", { class: "dyno-line" },
    button("select-page", "Select this page", () => send("select", { ids: table.rows.map((row) => row.id), selected: true })),
    button("select-none", "Clear selection", () => send("select", { ids: bulk.selected, selected: false }),
      { reason: bulk.selected.length ? "" : "nothing is selected" }),
    ...bulk.buttons.map(([key, label, reason]) =>
      button(`bulk-${key}`, label, () => send("press_bulk", { button: key }), { reason })));
  return h("div", {}, h("table", { class: "dyno-list" }, h("caption", {}, "Campaigns"),
    h("thead", {}, h("tr", {}, h("td"), ...headings)), h("tbody", {}, ...rows)), pages, selection);
}

function details({ details }) {
  if (!details) return h("div");
  const pairs = details.pairs.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
  const [done, whole, words] = details.progress ?? [];
  const bar = details.progress && h("div", {},
    h("progress", { max: whole, value: done, "aria-label": "Sent", "aria-valuetext": words }), ` ${words}`);
  return h("div", {}, h("h3", { class: "dyno-title" }, h("b", {}, details.name), badge(details.status)),
    h("dl", {}, ...pairs), bar || null);
}

function unresolved({ unresolved }, send) {
  if (!unresolved.length) return h("div");
  const [first, ...rest] = unresolved;
  return h("div", { class: "dyno-unknown", role: "group", "aria-label": first },
    h("p", {}, h("b", {}, first)), ...rest.map((line) => h("p", {}, line)),
    button("check", "Check again", () => send("resolve")));
}

function buttons({ buttons, disabled }, send) {
  return h("div", {}, h("div", { class: "dyno-line", role: "group", "aria-label": "Actions" },
    ...buttons.map(([key, label, reason]) =>
      button(`button-${key}`, label, () => send("press", { button: key }), { reason }))),
  list(disabled));
}

function form({ form }, send, zones) {
  const now = h("input", { type: "radio", name: `when-${form.serial}`, checked: true, "data-key": "now",
    "data-lm-suppress-shortcuts": "true" });
  const later = h("input", { type: "radio", name: `when-${form.serial}`, "data-key": "at-time",
    "data-lm-suppress-shortcuts": "true" });
  const [timeLabel, time] = field("time", "Time", { placeholder: "YYYY-MM-DD HH:MM" });
  const id = `dyno-zones-${form.serial}-${Math.random().toString(36).slice(2)}`;
  const [zoneLabel, zone] = field("zone", "Time zone", { list: id, value: form.zone });
  const hint = h("div", { role: "status", class: "dyno-hint" });
  const which = h("div", { class: "dyno-fold" });
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
    h("p", {}, h("b", {}, form.title)), h("p", {}, form.note), when,
    ...fields.map(([, label]) => label), errors, h("div", { class: "dyno-line" },
      button("back", "Back", () => send("dismiss")), button("review", "Review…", submit)));
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

function review({ review }, send) {
  const id = `dyno-headline-${review.serial}-${Math.random().toString(36).slice(2)}`;
  const changes = review.changes.map(([name, old, fresh]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", {}, h("del", {}, old || "(empty)")), h("td", {}, "→"), h("td", {}, h("ins", {}, fresh))));
  const rows = review.rows.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, value))));
  const [label, typed] = field("typed", review.required_line, { placeholder: review.required_text, autocomplete: "off" });
  const errors = h("div", { class: "dyno-errors", role: "alert" });
  const timer = h("span", { role: "timer", "aria-live": "off" });
  const keep = button("keep", review.keep, () => send("dismiss"), { "aria-describedby": id });
  const confirm = button("confirm", review.confirm,
    () => send("confirm", { serial: review.serial, typed: typed.value }), { class: "dyno-danger" });
  const node = h("div", { class: "dyno-review", role: "group", "aria-labelledby": id },
    h("p", { id }, h("b", {}, review.headline)),
    changes.length ? h("table", { class: "dyno-changes" }, h("caption", {}, "Changed"), h("tbody", {}, ...changes)) : null,
    rows.length ? h("div", { class: "dyno-many" }, h("table", {}, h("tbody", {}, ...rows))) : null,
    ...review.lines.map((line) => h("p", {}, line)), review.required_text ? label : null, errors,
    h("div", { class: "dyno-line" }, keep, confirm, timer));
  node.first = keep;
  node.update = ({ review: fresh }) => {
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
  const root = h("section", { class: "dyno-panel dyno-accessible" });
  const places = Object.fromEntries(["tools", "table", "details", "unresolved", "actions"].map((name) => [name, h("div")]));
  const notice = h("div", { class: "dyno-notice", role: "status", "aria-live": "polite" });
  const journal = h("details", {}, h("summary", { "data-lm-suppress-shortcuts": "true" }), h("div"));
  root.append(places.tools, places.table, places.details, notice, places.unresolved, places.actions, journal);
  el.replaceChildren(root);
  const drawn = {};
  let open = null, shown = "", last = "";

  function put(name, key, make) { // a part is created again only when it changes, and the focus stays where it was
    if (drawn[name] === key) return;
    drawn[name] = key;
    const focused = places[name].contains(document.activeElement) ? document.activeElement.dataset.key : null;
    places[name].replaceChildren(make());
    if (focused) places[name].querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  function draw() {
    const view = model.get("view");
    root.setAttribute("aria-label", view.title);
    put("tools", JSON.stringify([Boolean(view.table)]), () => tools(view, send));
    places.tools.querySelector(".dyno-as-of").textContent = view.as_of;
    put("table", JSON.stringify([view.table, view.bulk]), () => table(view, send));
    put("details", JSON.stringify(view.details), () => details(view));
    put("unresolved", JSON.stringify(view.unresolved), () => unresolved(view, send));
    const said = JSON.stringify(view.notice);
    if (drawn.notice !== said) {
      drawn.notice = said;
      const { word, text, details } = view.notice;
      notice.replaceChildren(...(word ? [h("b", {}, `${word}: `), text] : []), ...(details.length ? [list(details)] : []));
    }
    journal.hidden = !view.journal.length;
    journal.firstChild.textContent = `Journal (${view.journal.length})`;
    journal.lastChild.replaceChildren(list(view.journal));
    const [kind, serial] = phase(view);
    const key = `${kind}-${serial}`;
    if (kind === "buttons") put("actions", `buttons${JSON.stringify([view.buttons, view.disabled])}`, () => buttons(view, send));
    else if (kind === "loading") put("actions", key, () => h("p", { role: "status" }, "Loading the review…"));
    else put("actions", key, () => (open = kind === "form" ? form(view, send, model.get("zones")) : review(view, send)));
    if (kind === "form" || kind === "review") open.update(view, model.get("time_hint"));
    if (key !== shown) {
      if (shown && (kind === "form" || kind === "review")) open.first.focus();
      if (shown && kind === "buttons" && last) {
        const back = places.actions.querySelector(`[data-key="${CSS.escape(last)}"]`);
        (back ?? places.tools.querySelector("button")).focus();
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
  model.on("comm_live_update", disconnect);
  model.on("change:view", draw);
  model.on("change:time_hint", draw);
  draw();
  return () => {
    model.off("comm_live_update", disconnect);
    model.off("change:view", draw);
    model.off("change:time_hint", draw);
  };
}

export default { render };
