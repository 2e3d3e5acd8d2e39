// The details of a job beside its row, on hover and focus: fetched when asked for, kept until something changes. They stay while the
// pointer is on them, and Escape puts them away.
const PAUSE = 220;

export const startDetails = () => {
  const box = document.getElementById("details");
  if (!box) return;
  const kept = new Map();
  let owner = null;
  let timer = 0;

  const fetched = (job) => {
    if (!kept.has(job)) {
      const answer = fetch(`${document.body.dataset.root}/jobs/${job}/details`).then((got) => (got.ok ? got.text() : ""), () => "");
      kept.set(job, answer);
    }
    return kept.get(job);
  };

  const place = (row) => {
    const at = row.getBoundingClientRect();
    const width = box.offsetWidth, height = box.offsetHeight;
    const below = at.bottom + 6 + height < innerHeight;
    const left = Math.max(8, Math.min(at.left + 24, innerWidth - width - 8));
    box.style.left = `${left}px`;
    box.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - height - 6)}px`;
  };

  const hide = () => {
    clearTimeout(timer);
    timer = 0;
    owner?.removeAttribute("aria-describedby");
    owner = null;
    box.hidden = true;
  };

  const show = async (row) => {
    const text = await fetched(row.dataset.job);
    if (owner !== row || !text || !row.isConnected) return;
    box.innerHTML = text;
    box.hidden = false;
    row.setAttribute("aria-describedby", "details");
    place(row);
  };

  const plan = (row) => {
    if (owner === row) { clearTimeout(timer); return; }
    hide();
    owner = row;
    timer = setTimeout(() => show(row), PAUSE);
  };

  const leave = () => { clearTimeout(timer); timer = setTimeout(hide, PAUSE); };

  const over = (event) => {
    if (event.pointerType === "touch") return;
    const row = event.target.closest?.("[data-job]");
    if (row) plan(row);
    else if (box.contains(event.target)) clearTimeout(timer);
    else if (owner) leave();
  };
  document.addEventListener("pointerover", over);
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-job]");
    if (row && event.target.matches(":focus-visible")) plan(row);
    else if (owner && !box.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && owner) hide(); });
  document.addEventListener("changed", () => {
    kept.clear();
    if (owner && !box.hidden) show(owner);
  });
  addEventListener("scroll", () => { if (!box.hidden) hide(); }, { passive: true });
};
