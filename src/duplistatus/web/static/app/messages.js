// The page of messages: while something is under way the list looks after it more often than changes of the fleet are told; and a form that
// takes its time says so.
const SOON = 2000;

setInterval(() => {
  const list = document.getElementById("messages");
  if (document.hidden || !list?.querySelector("[data-soon]")) return;
  list.dispatchEvent(new CustomEvent("changed"));
}, SOON);

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-slow]");
  // After the browser has gathered what the form sends.
  if (form) setTimeout(() => form.querySelector("button").setAttribute("aria-busy", "true"));
});
