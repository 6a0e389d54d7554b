// The page's script: shows the parts the server sends and tells the server what the person does.

import { entriesOf, entryOf, fillLocalTimes, restoreEntries, showFieldError } from "./form.client.js";
import { morph } from "./morph.client.js";

const byId = (id) => document.getElementById(id);
const modal = byId("modal");
const address = new URL(location.href);
let viewer = address.searchParams.get("as") ?? "";
let place = address.searchParams.get("in") ?? "";
let stream;

function connect() {
  stream?.close();
  stream = new EventSource(`/stream?${new URLSearchParams({ as: viewer, in: place })}`);
  stream.addEventListener("open", () => showLive("live"));
  stream.addEventListener("error", () => showLive("reconnecting"));
  stream.addEventListener("part", (event) => showPart(JSON.parse(event.data)));
  stream.addEventListener("announce", (event) => (byId("announcer").textContent = JSON.parse(event.data)));
}

function showLive(state) {
  byId("live").textContent = state;
  byId("live").dataset.state = state;
}

function showPart({ id, markup }) {
  if (id === "modal") return showModal(markup);
  const target = byId(id);
  if (!target) return;
  const scroller = byId("scroller");
  const wasAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const next = document.createElement("template");
  next.innerHTML = markup;
  morph(target, next.content);
  fillLocalTimes(target);
  if (id === "part-messages" && wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
  if (id === "part-sidebar") adoptViewpoint();
}

/** The server may have chosen who and where; the address bar and the switcher follow. */
function adoptViewpoint() {
  viewer = document.querySelector("input[name=viewer]:checked")?.value ?? viewer;
  place = document.querySelector("[data-place][aria-current]")?.dataset.place ?? place;
  history.replaceState(null, "", `?${new URLSearchParams({ as: viewer, in: place })}`);
}

function showModal(markup) {
  if (markup === "") return modal.open ? modal.close() : undefined;
  const next = document.createElement("template");
  next.innerHTML = markup;
  const form = next.content.querySelector("form");
  const shown = modal.querySelector("form");
  if (modal.open && shown?.dataset.hash === form.dataset.hash) return;
  const kept = shown?.dataset.view === form.dataset.view ? entriesOf(shown) : {};
  modal.replaceChildren(form);
  fillLocalTimes(modal);
  restoreEntries(form, kept);
  if (!modal.open) modal.showModal();
  form.querySelector(".modal-body :is(input, textarea, select), .modal-foot .primary")?.focus();
}

async function act(action, busy) {
  busy?.setAttribute("aria-busy", "true");
  if (busy) busy.disabled = true;
  try {
    const response = await fetch("/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(action),
    });
    const answer = response.ok ? await response.json() : { error: await response.text() };
    if (answer.error) toast(answer.error, "error");
    if (answer.note) toast(answer.note, "note");
    return answer;
  } catch {
    toast("The demo is not answering. Is it still running?", "error");
    return {};
  } finally {
    busy?.removeAttribute("aria-busy");
    if (busy) busy.disabled = false;
  }
}

function toast(text, kind) {
  const note = document.createElement("p");
  note.className = `toast ${kind}`;
  note.textContent = text;
  byId("toasts").append(note);
  setTimeout(() => note.remove(), kind === "error" ? 9000 : 5000);
}

function confirmed(control) {
  if (!control.dataset.confirm) return Promise.resolve(true);
  const question = JSON.parse(control.dataset.confirm);
  const dialog = byId("confirm");
  for (const name of ["title", "text", "deny"]) byId(`confirm-${name}`).textContent = question[name];
  byId("confirm-accept").textContent = question.confirm;
  byId("confirm-accept").className = `button ${question.danger ? "danger" : "primary"}`;
  dialog.returnValue = "deny";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true }),
  );
}

async function useElement(control, entry) {
  if (!(await confirmed(control))) return;
  const { block, action, url } = control.dataset;
  if (url && /^https?:/i.test(url)) window.open(url, "_blank", "noopener,noreferrer");
  const element = { as: viewer, block, action, ...(entry === undefined ? {} : { entry }) };
  const message = control.closest("[data-ts]");
  const view = control.closest("[data-view]");
  if (view)
    await act({ kind: "use", view: view.dataset.view, entries: entriesOf(view), ...element }, control);
  else
    await act(
      { kind: "click", channel: message.dataset.channel, ts: message.dataset.ts, ...element },
      control,
    );
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("button") : null;
  if (!target) return;
  if (target.dataset.type === "button") void useElement(target);
  if (target.dataset.place) goTo(target.dataset.place);
  if (target.dataset.panel) {
    void act({ kind: "panel", panel: target.dataset.panel, action: target.dataset.panelAction }, target);
  }
  if ("closeView" in target.dataset) closeView(target);
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.name === "viewer") {
    viewer = target.value;
    connect();
    return;
  }
  const control = target.closest("[data-dispatches]");
  if (!control) return;
  const entry = entryOf(control);
  if (control.dataset.type === "overflow") control.value = "";
  if (entry !== null) void useElement(control, entry);
});

modal.addEventListener("cancel", (event) => {
  event.preventDefault();
  closeView(modal);
});

function closeView(inside) {
  const view = (inside.closest("[data-view]") ?? inside.querySelector("[data-view]"))?.dataset.view;
  if (view) void act({ kind: "close", as: viewer, view });
}

modal.addEventListener("submit", (event) => {
  event.preventDefault();
  void submitView(event.target);
});

async function submitView(form) {
  for (const field of form.querySelectorAll("[data-field]")) showFieldError(field, "");
  form.querySelector(".modal-error").textContent = "";
  const action = { kind: "submit", as: viewer, view: form.dataset.view, entries: entriesOf(form) };
  const answer = await act(action, form.querySelector("[type=submit]"));
  const errors = Object.entries(answer.fieldErrors ?? {});
  for (const [block, words] of errors) {
    showFieldError(form.querySelector(`[data-field="${CSS.escape(block)}"]`), words);
  }
  if (errors.length > 0) form.querySelector("[aria-invalid=true]")?.focus();
  if (answer.error) form.querySelector(".modal-error").textContent = answer.error;
}

function goTo(next) {
  place = next;
  connect();
  byId("scroller").scrollTop = byId("scroller").scrollHeight;
  if (place === "home") void act({ kind: "home", as: viewer });
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  void say(event.submitter);
});

async function say(button) {
  const input = byId("composer-text");
  const text = input.value.trim();
  if (text === "") return;
  if (place === "home") return toast("Choose a channel to write in.", "error");
  const answer = await act({ kind: "say", as: viewer, channel: place, text }, button);
  if (!answer.error) input.value = "";
  input.focus();
}

connect();
