// The editor of templates: variables go in at a press, the preview follows what is written, and variables that mean nothing are named.
const PAUSE = 400;
const form = document.getElementById("template");
const box = document.getElementById("preview");
const warning = document.getElementById("unknown");
const button = document.getElementById("preview-now");
const known = new Set([...document.querySelectorAll("[data-insert]")].map((each) => each.dataset.insert));
let last = form.elements.message;
let timer = 0;
let count = 0;

// Each preview has a frame of its own, shown once it is there: a frame that is used again would flicker, and add to the browser's history.
const preview = () => {
  count += 1;
  const frame = box.querySelector("iframe:last-of-type").cloneNode();
  frame.removeAttribute("src");
  frame.name = `preview-${count}`;
  frame.classList.add("coming");
  box.append(frame);
  frame.addEventListener("load", () => {
    if (!frame.isConnected) return;
    frame.classList.remove("coming");
    for (const other of box.querySelectorAll("iframe")) if (other !== frame && !other.classList.contains("coming")) other.remove();
  });
  for (const other of [...box.querySelectorAll("iframe.coming")].slice(0, -1)) other.remove();
  button.formTarget = frame.name;
  if (form.elements.title.value.trim() && form.elements.message.value.trim()) form.requestSubmit(button);
};

const nameUnknown = () => {
  const text = `${form.elements.title.value}\n${form.elements.message.value}`;
  const unknown = [...new Set(text.match(/\{[A-Za-z][A-Za-z0-9_]*\}/g) ?? [])].filter((each) => !known.has(each));
  warning.hidden = unknown.length === 0;
  const sentence = warning.dataset.text.replace("{}", unknown.join(", "));
  if (unknown.length && warning.lastElementChild.textContent !== sentence) warning.lastElementChild.textContent = sentence;
};

// Fields of the form stand outside it, too.
document.addEventListener("input", (event) => {
  if (event.target.form !== form || event.target.name === "channel") return;
  nameUnknown();
  clearTimeout(timer);
  timer = setTimeout(preview, event.target.name === "form" ? 0 : PAUSE);
});

for (const field of [form.elements.title, form.elements.message]) field.addEventListener("focus", () => { last = field; });

document.getElementById("variables").addEventListener("click", (event) => {
  const text = event.target.closest("[data-insert]")?.dataset.insert;
  if (!text) return;
  last.focus();
  last.setRangeText(text, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});

button.addEventListener("click", (event) => {
  event.preventDefault();
  preview();
});

// What was sent and not kept is in the fields, but not in the frame yet.
if ("sent" in form.dataset) preview();
