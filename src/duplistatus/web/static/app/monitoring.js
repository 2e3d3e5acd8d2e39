// Backup monitoring: a form with data-save is sent as soon as one of its fields changes. What comes back replaces the row that it names;
// the focus stays where it was, and what is being typed is left alone and sent when it is done. Also the boxes that choose several jobs.
import { say } from "./controls.js";

const words = () => JSON.parse(document.body.dataset.words);
const SAVED = document.getElementById("all")?.dataset.saved;
const sending = new Set();
const again = new Set();

const post = (form, sent) => fetch(form.action, {
  method: "POST",
  headers: { "HX-Request": "true", Accept: "text/html" },
  body: new URLSearchParams(sent),
});

// The same field of the new row, so that keys go on from there.
const focusKey = (element) => (element?.form && element.name ? [element.name, element.value, element.type] : null);
const refocus = (row, key) => {
  if (!key) return;
  const [name, value, type] = key;
  const found = [...row.querySelectorAll(`[name="${name}"]`)].find((each) => type !== "checkbox" || each.value === value);
  if (found && !found.disabled) found.focus({ preventScroll: true });
};

// Typed since it was sent, or half typed.
const isTyped = (element, sent) => element instanceof HTMLInputElement && element.type !== "checkbox"
  && (element.validity.badInput || element.value !== (sent.get(element.name) ?? ""));

// The cell in which somebody types stays.
const replaceRow = (id, html, sent) => {
  const row = document.getElementById(id);
  const made = new DOMParser().parseFromString(html, "text/html").getElementById(id);
  if (!row || !made) return;
  const active = row.contains(document.activeElement) ? document.activeElement : null;
  const kept = active && isTyped(active, sent) ? active.closest("td") : null;
  const key = focusKey(active);
  const picked = row.querySelector('[name="jobs"]').checked;
  [...row.cells].forEach((cell, index) => { if (cell !== kept) cell.replaceWith(document.importNode(made.cells[index], true)); });
  row.removeAttribute("aria-busy");
  row.querySelector('[name="jobs"]').checked = picked;
  if (!kept) refocus(row, key);
};

const save = async (form) => {
  const key = form.id;
  if (sending.has(key)) { again.add(key); return; }
  const { save: target } = form.dataset;
  const sent = new FormData(form);
  sending.add(key);
  document.getElementById(target)?.setAttribute("aria-busy", "true");
  try {
    const answer = await post(form, sent);
    if (answer.headers.has("HX-Redirect")) { location.assign(answer.headers.get("HX-Redirect")); return; }
    const isForm = answer.ok || answer.status === 400;
    if (!isForm) throw new Error(String(answer.status));
    if (!again.has(key) && target) replaceRow(target, await answer.text(), sent);
    if (answer.ok) say(SAVED);
    else if (!target) say(words().failed);
  } catch {
    say(words().failed);
    document.getElementById(target)?.removeAttribute("aria-busy");
  } finally {
    sending.delete(key);
    const now = document.getElementById(key);
    if (again.delete(key) && now) save(now);
  }
};

const boxes = () => [...document.querySelectorAll('input[name="jobs"]')];

const tell = () => {
  const place = document.getElementById("picked");
  if (!place) return;
  const count = boxes().filter((box) => box.checked).length;
  const text = count === 0 ? place.dataset.none : count === 1 ? place.dataset.one : place.dataset.many.replace("{}", count);
  if (place.textContent !== text) place.textContent = text;
  const all = document.getElementById("pick-all");
  if (all) { all.checked = count > 0 && count === boxes().length; all.indeterminate = count > 0 && !all.checked; }
};

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.id === "pick-all") for (const box of boxes()) box.checked = field.checked;
  if (field.id === "pick-all" || field.name === "jobs") {
    tell();
    if (boxes().some((box) => box.checked)) document.getElementById("bulk").open = true;
    return;
  }
  // To choose a value for several jobs means to change it.
  const chosen = field.closest("fieldset[data-set]");
  if (chosen && field.name !== "set") chosen.querySelector('[name="set"]').checked = true;
  if (field.form?.dataset.save !== undefined) save(field.form);
});

// Enter in a field saves it as leaving it does.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.save === undefined) return;
  event.preventDefault();
  save(event.target);
});

// The list was fetched anew: the filter goes into what is exported, and nothing is selected.
document.addEventListener("htmx:after:swap", () => {
  tell();
  const link = document.getElementById("export");
  const url = new URL(link.href);
  url.search = "";
  const query = new URL(location.href).searchParams.get("q");
  if (query) url.searchParams.set("q", query);
  link.href = url.href;
});

tell();
