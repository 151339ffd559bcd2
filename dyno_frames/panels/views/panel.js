// The panel for keyboards and screen readers. It draws a scene and reports what the user did; it decides nothing.
// Every text enters the page as text. A button with the focus keeps Jupyter's single-letter shortcuts away.

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function button(key, label, press, { why = "", ...attributes } = {}) {
  const off = why ? { "aria-disabled": "true", title: why } : {};
  return h("button", {
    type: "button", "data-key": key, "data-lm-suppress-shortcuts": "true", ...off, ...attributes,
    onclick: () => { if (!why) press(); },
  }, label);
}

const badge = (word) => h("span", { class: `dyno-badge dyno-${word.replace(/[^a-z]/g, "")}` }, word);
const list = (lines) => h("ul", {}, ...lines.map((line) => h("li", {}, line)));
const field = (key, label, attributes) => {
  const input = h("input", { "data-key": key, "data-lm-suppress-shortcuts": "true", ...attributes });
  return [h("label", {}, h("span", {}, label), input), input];
};

function tools(scene, send) {
  const refresh = button("refresh", "Refresh", () => send("refresh"));
  const age = h("span", { class: "dyno-as-of" }, scene.as_of);
  if (!scene.table) return h("div", { class: "dyno-tools" }, refresh, age);
  const [label, search] = field("find", "Find", { placeholder: "name, subject or id" });
  const options = ["", ...scene.table.statuses].map((word) => h("option", { value: word }, word || "any status"));
  const status = h("select", { "data-key": "status", "aria-label": "Status" }, ...options);
  let pause = 0;
  const narrow = () => send("filter", { text: search.value, status: status.value });
  search.addEventListener("input", () => {
    clearTimeout(pause); // while somebody types, the last word counts
    pause = setTimeout(narrow, 150);
  });
  status.addEventListener("change", narrow);
  return h("div", { class: "dyno-tools" }, label, status, refresh, age);
}

function table({ table, bulk }, send) {
  if (!table) return h("div");
  const headings = table.headings.map(([order, label, sort]) =>
    h("th", { scope: "col", "aria-sort": sort }, button(`sort-${order}`, label, () => send("sort", { order }))));
  const rows = table.rows.map((row) => h("tr", {},
    h("td", {}, h("input", {
      type: "checkbox", "aria-label": `Mark ${row.name}`, "data-key": `mark-${row.id}`,
      "data-lm-suppress-shortcuts": "true", ...(row.marked ? { checked: "" } : {}),
      onchange: (event) => send("mark", { ids: [row.id], marked: event.target.checked }),
    })),
    h("td", {}, button(`row-${row.id}`, row.name, () => send("select", { id: row.id }),
      { "aria-pressed": String(row.chosen), class: "dyno-row" })),
    h("td", {}, badge(row.status)), h("td", {}, row.sent), h("td", {}, row.start)));
  const pages = h("div", { class: "dyno-line" },
    button("earlier", "Previous", () => send("page", { page: table.page - 1 }),
      { why: table.page ? "" : "this is the first page" }),
    h("span", {}, table.said),
    button("later", "Next", () => send("page", { page: table.page + 1 }),
      { why: table.page + 1 < table.pages ? "" : "this is the last page" }));
  const many = h("div", { class: "dyno-line" },
    button("mark-page", "Mark this page", () => send("mark", { ids: table.rows.map((row) => row.id), marked: true })),
    button("mark-none", "Clear marks", () => send("mark", { ids: bulk.marked, marked: false }),
      { why: bulk.marked.length ? "" : "nothing is marked" }),
    ...bulk.buttons.map(([verb, label, why]) => button(`bulk-${verb}`, label, () => send("together", { verb }), { why })));
  return h("div", {}, h("table", { class: "dyno-list" }, h("caption", {}, "Campaigns"),
    h("thead", {}, h("tr", {}, h("td"), ...headings)), h("tbody", {}, ...rows)), pages, many);
}

function card({ card }) {
  if (!card) return h("div");
  const pairs = card.pairs.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
  const [done, whole, words] = card.progress ?? [];
  const bar = card.progress && h("div", {},
    h("progress", { max: whole, value: done, "aria-label": "Sent", "aria-valuetext": words }), ` ${words}`);
  return h("div", {}, h("h3", { class: "dyno-title" }, h("b", {}, card.name), badge(card.status)),
    h("dl", {}, ...pairs), bar || null);
}

function lock({ lock }, send) {
  if (!lock.length) return h("div");
  const [first, ...rest] = lock;
  return h("div", { class: "dyno-unknown", role: "group", "aria-label": first },
    h("p", {}, h("b", {}, first)), ...rest.map((line) => h("p", {}, line)),
    button("again", "Look again", () => send("resolve")));
}

function verbs({ verbs, why }, send) {
  return h("div", {}, h("div", { class: "dyno-line", role: "group", "aria-label": "Actions" },
    ...verbs.map(([verb, label, no]) => button(`verb-${verb}`, label, () => send("verb", { verb }), { why: no }))),
  list(why));
}

function form({ form }, send, zones) {
  const now = h("input", { type: "radio", name: `when-${form.serial}`, checked: true, "data-key": "now",
    "data-lm-suppress-shortcuts": "true" });
  const later = h("input", { type: "radio", name: `when-${form.serial}`, "data-key": "later-on",
    "data-lm-suppress-shortcuts": "true" });
  const [timeLabel, time] = field("time", "Time", { placeholder: "YYYY-MM-DD HH:MM" });
  const id = `dyno-zones-${form.serial}-${Math.random().toString(36).slice(2)}`;
  const [zoneLabel, zone] = field("zone", "Time zone", { list: id, value: form.zone });
  const echo = h("div", { role: "status", class: "dyno-echo" });
  const which = h("div", { class: "dyno-fold" });
  const tell = () => send("time", { when: now.checked ? "" : time.value, zone: zone.value, asked: !now.checked });
  time.addEventListener("input", () => { later.checked = true; tell(); });
  for (const input of [zone, now, later]) input.addEventListener("change", tell);
  const when = form.timed ? h("fieldset", {}, h("legend", {}, "When"), h("label", {}, now, " Now"),
    h("label", {}, later, " At the time below"), timeLabel, zoneLabel,
    h("datalist", { id }, ...zones.map((name) => h("option", { value: name }))), echo, which) : null;
  const fields = form.fields.map(([name, label, placeholder]) => [name, ...field(name, label, { placeholder })]);
  const faults = h("div", { class: "dyno-faults", role: "alert" });
  const submit = () => send("form", {
    serial: form.serial, when: !form.timed || now.checked ? "" : time.value || "no time", time_zone: zone.value,
    fold: which.querySelector("input:checked")?.value ?? null,
    overrides: fields.map(([name, , input]) => [name, input.value]),
  });
  const node = h("form", { "aria-label": form.title, class: "dyno-form", onsubmit: (event) => event.preventDefault() },
    h("p", {}, h("b", {}, form.title)), h("p", {}, "Empty fields stay as they are."), when,
    ...fields.map(([, label]) => label), faults, h("div", { class: "dyno-line" },
      button("back", "Back", () => send("drop")), button("review", "Review…", submit)));
  node.first = form.timed ? now : fields[0][2];
  node.update = ({ form: fresh }, said) => {
    faults.replaceChildren(...(fresh.faults.length ? [list(fresh.faults)] : []));
    if (echo.textContent !== said.text) echo.textContent = said.text;
    if (which.dataset.said === JSON.stringify(said.twice)) return;
    which.dataset.said = JSON.stringify(said.twice);
    which.replaceChildren(...said.twice.map((words, fold) => h("label", {}, h("input", {
      type: "radio", name: `fold-${form.serial}`, value: fold, "data-lm-suppress-shortcuts": "true" }), ` ${words}`)));
  };
  return node;
}

function review({ review }, send) {
  const id = `dyno-headline-${review.serial}-${Math.random().toString(36).slice(2)}`;
  const diff = review.diff.map(([name, old, fresh]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", {}, h("del", {}, old || "(empty)")), h("td", {}, "→"), h("td", {}, h("ins", {}, fresh))));
  const rows = review.rows.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, value))));
  const [label, typed] = field("typed", review.typing, { placeholder: review.demand, autocomplete: "off" });
  const faults = h("div", { class: "dyno-faults", role: "alert" });
  const timer = h("span", { role: "timer", "aria-live": "off" });
  const keep = button("keep", review.keep, () => send("drop"), { "aria-describedby": id });
  const confirm = button("confirm", review.confirm,
    () => send("confirm", { serial: review.serial, typed: typed.value }), { class: "dyno-danger" });
  const node = h("div", { class: "dyno-review", role: "group", "aria-labelledby": id },
    h("p", { id }, h("b", {}, review.headline)),
    diff.length ? h("table", { class: "dyno-diff" }, h("caption", {}, "Changed"), h("tbody", {}, ...diff)) : null,
    rows.length ? h("div", { class: "dyno-many" }, h("table", {}, h("tbody", {}, ...rows))) : null,
    ...review.lines.map((line) => h("p", {}, line)), review.demand ? label : null, faults,
    h("div", { class: "dyno-line" }, keep, confirm, timer));
  node.first = keep;
  node.update = ({ review: fresh }) => {
    timer.textContent = fresh.expires;
    const said = fresh.faults.join("; ");
    if (faults.textContent !== said) faults.textContent = said;
  };
  return node;
}

function stage(scene) {
  if (scene.form) return ["form", scene.form.serial];
  if (scene.review) return ["review", scene.review.serial];
  return [scene.reading ? "reading" : "verbs", 0];
}

function render({ model, el }) {
  const send = (kind, parts = {}) => model.send({ kind, ...parts });
  const root = h("section", { class: "dyno-panel dyno-accessible" });
  const places = Object.fromEntries(["tools", "table", "card", "lock", "stage"].map((name) => [name, h("div")]));
  const notice = h("div", { class: "dyno-notice", role: "status", "aria-live": "polite" });
  const log = h("details", {}, h("summary", { "data-lm-suppress-shortcuts": "true" }), h("div"));
  root.append(places.tools, places.table, places.card, notice, places.lock, places.stage, log);
  el.replaceChildren(root);
  const drawn = {};
  let open = null, shown = "", last = "";

  function put(name, key, make) { // a part is made anew only when it changes, and the focus stays where it was
    if (drawn[name] === key) return;
    drawn[name] = key;
    const held = places[name].contains(document.activeElement) ? document.activeElement.dataset.key : null;
    places[name].replaceChildren(make());
    if (held) places[name].querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  function draw() {
    const scene = model.get("scene");
    root.setAttribute("aria-label", scene.title);
    put("tools", JSON.stringify([Boolean(scene.table)]), () => tools(scene, send));
    places.tools.querySelector(".dyno-as-of").textContent = scene.as_of;
    put("table", JSON.stringify([scene.table, scene.bulk]), () => table(scene, send));
    put("card", JSON.stringify(scene.card), () => card(scene));
    put("lock", JSON.stringify(scene.lock), () => lock(scene, send));
    const said = JSON.stringify(scene.notice);
    if (drawn.notice !== said) {
      drawn.notice = said;
      const { word, text, details } = scene.notice;
      notice.replaceChildren(...(word ? [h("b", {}, `${word}: `), text] : []), ...(details.length ? [list(details)] : []));
    }
    log.hidden = !scene.journal.length;
    log.firstChild.textContent = `Journal (${scene.journal.length})`;
    log.lastChild.replaceChildren(list(scene.journal));
    const [kind, serial] = stage(scene);
    const key = `${kind}-${serial}`;
    if (kind === "verbs") put("stage", `verbs${JSON.stringify([scene.verbs, scene.why])}`, () => verbs(scene, send));
    else if (kind === "reading") put("stage", key, () => h("p", { role: "status" }, "Reading for a review…"));
    else put("stage", key, () => (open = kind === "form" ? form(scene, send, model.get("zones")) : review(scene, send)));
    if (kind === "form" || kind === "review") open.update(scene, model.get("echo"));
    if (key !== shown) {
      if (shown && (kind === "form" || kind === "review")) open.first.focus();
      if (shown && kind === "verbs" && last) {
        const back = places.stage.querySelector(`[data-key="${CSS.escape(last)}"]`);
        (back ?? places.tools.querySelector("button")).focus();
      }
      shown = key;
    }
  }

  places.stage.addEventListener("click", (event) => {
    const key = event.target.dataset?.key ?? "";
    if (key.startsWith("verb-")) last = key;
  });
  // Without a kernel nothing that is pressed here arrives, so it must not look as if it did.
  const cut = () => {
    root.classList.add("dyno-cut");
    root.inert = true;
    notice.replaceChildren(h("b", {}, "No kernel: "), "nothing here is up to date or can be pressed; run the cell again.");
  };
  model.on("comm_live_update", cut);
  model.on("change:scene", draw);
  model.on("change:echo", draw);
  draw();
  return () => { model.off("comm_live_update", cut); model.off("change:scene", draw); model.off("change:echo", draw); };
}

export default { render };
