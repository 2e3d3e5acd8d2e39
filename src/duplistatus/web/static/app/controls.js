// The small things that every page has: menus, dialogs, copy buttons, choices between panels, signing out.
import { send } from "./requests.js";

const words = () => JSON.parse(document.body.dataset.words);

// Says something for a moment at the foot of the page, to eyes and screen readers.
export const say = (text) => {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 4000);
};

const copyText = async (text) => {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Over plain HTTP browsers offer no clipboard; the old way still works.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser refused");
};

const copy = async (button) => {
  try {
    await copyText(button.dataset.copy);
    say(words().copied);
  } catch {
    say(words().failed);
  }
  button.focus();
};

const closeMenus = (but) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.removeAttribute("open");
};

// A button that shows one of several panels: data-choose="<id>"; those of the same data-group are hidden.
const choose = (button) => {
  const { group } = button.dataset;
  for (const other of document.querySelectorAll(`[data-choose][data-group="${group}"]`)) {
    const chosen = other === button;
    other.setAttribute("aria-pressed", String(chosen));
    document.getElementById(other.dataset.choose).hidden = !chosen;
  }
};

const signOut = async () => {
  try {
    await send("POST", "/api/auth/logout");
  } finally {
    location.assign(`${document.body.dataset.root}/login`);
  }
};

export const startControls = () => {
  // On narrow screens the list of settings is a strip, of which the present page must be in view.
  const room = document.querySelector(".rooms [aria-current]");
  if (room) room.parentElement.scrollLeft = room.offsetLeft - room.parentElement.offsetLeft - 16;
  document.addEventListener("click", (event) => {
    const { target } = event;
    closeMenus(target.closest("details.menu"));
    const opener = target.closest("[data-dialog]");
    if (opener) { event.preventDefault(); document.getElementById(opener.dataset.dialog)?.showModal(); }
    if (target instanceof HTMLDialogElement) target.close();
    const copied = target.closest("[data-copy]");
    if (copied) copy(copied);
    const chosen = target.closest("[data-choose]");
    if (chosen) choose(chosen);
    if (target.closest("[data-sign-out]")) signOut();
  });
  // A right click on some buttons leads elsewhere; a menu has the same for keys and fingers.
  document.addEventListener("contextmenu", (event) => {
    const button = event.target.closest("[data-context]");
    if (!button || event.button !== 2) return;
    const { context } = button.dataset;
    event.preventDefault();
    if (/^https?:/.test(context)) open(context, "_blank", "noopener,noreferrer");
    else location.assign(context);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) { menu.removeAttribute("open"); menu.querySelector("summary").focus(); }
  });
};
