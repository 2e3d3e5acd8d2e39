// Backup monitoring: the row of a job that was saved comes back and takes the place of the old one; the focus stays where it was, and what
// is being typed is left alone and sent when it is done.
import { startPicking } from "./picking.js";
import { isTyped, startSaving } from "./saving.js";

// The same field of the new row, so that keys go on from there.
const focusKey = (element) => (element?.form && element.name ? [element.name, element.value, element.type] : null);
const refocus = (row, key) => {
  if (!key) return;
  const [name, value, type] = key;
  const found = [...row.querySelectorAll(`[name="${name}"]`)].find((each) => type !== "checkbox" || each.value === value);
  if (found && !found.disabled) found.focus({ preventScroll: true });
};

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
  row.querySelector('[name="jobs"]').checked = picked;
  if (!kept) refocus(row, key);
};

startPicking();
startSaving({
  saved: document.getElementById("all")?.dataset.saved,
  show: (form, html, sent) => { if (form.dataset.save) replaceRow(form.dataset.save, html, sent); },
  busy: (form, is) => {
    const row = document.getElementById(form.dataset.save);
    if (is) row?.setAttribute("aria-busy", "true");
    else row?.removeAttribute("aria-busy");
  },
  silent: (form) => !form.dataset.save,
});

// The list was fetched anew: the filter goes into what is exported.
document.addEventListener("htmx:after:swap", () => {
  const link = document.getElementById("export");
  const url = new URL(link.href);
  url.search = "";
  const query = new URL(location.href).searchParams.get("q");
  if (query) url.searchParams.set("q", query);
  link.href = url.href;
});
