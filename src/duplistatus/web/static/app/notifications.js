// Backup notifications: what a saved change concerns (a job; a server with its jobs) comes back and is replaced part by part. The part in
// which somebody types stays, and so do the focus, what is open and what is selected. Also tests of addresses and topics as they are typed.
import { say } from "./controls.js";
import { startPicking } from "./picking.js";
import { send } from "./requests.js";
import { isTyped, startSaving } from "./saving.js";

const words = () => JSON.parse(document.body.dataset.words);
const cellsOf = (unit) => [...unit.querySelectorAll("[data-cell]")];

const replaceUnit = (unit, made, sent) => {
  for (const cell of cellsOf(made)) {
    const old = cellsOf(unit).find((each) => each.dataset.cell === cell.dataset.cell);
    if (!old) continue;
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    if (active && sent && isTyped(active, sent)) continue;
    const fresh = document.importNode(cell, true);
    const [told, said] = [fresh, old].map((each) => each.querySelector(".tested"));
    if (told && said) told.replaceWith(said);
    old.replaceWith(fresh);
    // A button that is gone leaves the focus to the field that it was for.
    if (active) (fresh.querySelector(`[name="${active.name}"]`) ?? fresh.querySelector("input:not([type=hidden]), select, summary"))?.focus({ preventScroll: true });
  }
};

const show = (form, html, sent) => {
  const made = new DOMParser().parseFromString(html, "text/html");
  for (const unit of made.querySelectorAll("[data-unit]")) {
    const old = document.getElementById(unit.id);
    if (old) replaceUnit(old, unit, old.contains(form) ? sent : null);
  }
};

const test = async (button) => {
  // It outlives a change of the field that is saved meanwhile.
  const place = button.closest("[data-cell]").querySelector(".tested");
  const destination = document.getElementById(button.dataset.of).value;
  button.setAttribute("aria-busy", "true");
  place.textContent = "…";
  place.classList.remove("failed");
  try {
    const answer = await send("POST", "/api/telling/test", { channel: button.dataset.test, destination });
    const body = await answer.json();
    const failed = !answer.ok || body.results.some((each) => !each.delivered);
    place.textContent = answer.ok ? body.results.map((each) => each.message).join(" ") : body.error;
    place.classList.toggle("failed", failed);
  } catch {
    place.textContent = "";
    say(words().failed);
  } finally {
    button.removeAttribute("aria-busy");
  }
};

document.addEventListener("submit", (event) => {
  if (event.target.id !== "test" || !event.submitter?.dataset.test) return;
  event.preventDefault();
  test(event.submitter);
});
// What is empty cannot be tested.
document.addEventListener("input", (event) => {
  const button = event.target.id && document.querySelector(`[data-of="${event.target.id}"]`);
  if (button) button.hidden = !event.target.value.trim();
});

startPicking();
startSaving({ saved: document.getElementById("jobs").dataset.saved, show });
