// A form with data-save is sent as soon as one of its fields changes, or one of its buttons is pressed. What comes back is given to `show`,
// unless the form has changed again meanwhile: then it is sent once more.
import { say } from "./controls.js";
import { released } from "./pressing.js";

const words = () => JSON.parse(document.body.dataset.words);

const post = (form, sent) => fetch(form.action, {
  method: "POST",
  headers: { "HX-Request": "true", Accept: "text/html" },
  body: new URLSearchParams(sent),
  // Who leaves the page at once has still made the change.
  keepalive: true,
});

// Typed since it was sent, or half typed.
export const isTyped = (element, sent) => element instanceof HTMLInputElement && element.type !== "checkbox"
  && (element.validity.badInput || element.value !== (sent.get(element.name) ?? ""));

// `show(form, html, sent)` shows what came back; `busy(form, is)` that it is awaited; `silent(form)`: nothing shows what is wrong, so say it.
export const startSaving = ({ saved, show, busy = () => {}, silent = () => false }) => {
  const sending = new Set();
  const again = new Set();

  const save = async (form, submitter) => {
    const key = submitter ? `${form.id} ${submitter.value}` : form.id;
    if (sending.has(key)) { again.add(key); return; }
    const sent = new FormData(form, submitter);
    sending.add(key);
    busy(form, true);
    try {
      const answer = await post(form, sent);
      if (answer.headers.has("HX-Redirect")) { location.assign(answer.headers.get("HX-Redirect")); return; }
      const isForm = answer.ok || answer.status === 400;
      if (!isForm) throw new Error(String(answer.status));
      const html = await answer.text();
      await released();
      if (!again.has(key)) show(form, html, sent, submitter);
      if (answer.ok) say(saved);
      else if (silent(form)) say(words().failed);
    } catch {
      say(words().failed);
    } finally {
      busy(form, false);
      sending.delete(key);
      const now = document.getElementById(form.id);
      if (again.delete(key) && now) save(now, submitter?.isConnected ? submitter : null);
    }
  };

  document.addEventListener("change", (event) => {
    const { form } = event.target;
    if (form?.dataset.save !== undefined) save(form, null);
  });
  // Enter in a field saves it as leaving it does.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.save === undefined) return;
    event.preventDefault();
    save(form, event.submitter?.value ? event.submitter : null);
  });
};
