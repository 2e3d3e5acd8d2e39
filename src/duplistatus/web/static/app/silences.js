// Snoozing at one press: a button with data-snooze sends it, closes its dialog, and has the page show what came of it.
import { say } from "./controls.js";
import { send } from "./requests.js";

const failed = async (answer) => {
  try {
    return (await answer.json()).error;
  } catch {
    return JSON.parse(document.body.dataset.words).failed;
  }
};

const snooze = async (button) => {
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await send("POST", "/api/snoozes", JSON.parse(button.dataset.snooze));
    if (!answer.ok) { say(await failed(answer)); return; }
    button.closest("dialog")?.close();
    say(button.dataset.done);
    // The stream of changes tells it, too; this page need not wait for it.
    for (const element of document.querySelectorAll("[data-live]")) element.dispatchEvent(new CustomEvent("changed"));
  } catch {
    say(JSON.parse(document.body.dataset.words).failed);
  } finally {
    button.removeAttribute("aria-busy");
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-snooze]");
  if (button) snooze(button);
});
