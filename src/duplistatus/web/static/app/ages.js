// Keeps relative ages ("3 h", "in 20 min", "2 d late") true while the page stands. The patterns come with the page, in its language.
const MINUTE = 60, HOUR = 3600, DAY = 86400, MONTH = 30.44, YEAR = 365.25;
const EVERY = 15000;

// The same steps as on the server (duplistatus.i18n.formats.age_steps).
export const ageSteps = (seconds) => {
  const past = Math.max(0, seconds);
  if (past < MINUTE) return ["now", 0];
  if (past < HOUR) return ["min", Math.floor(past / MINUTE)];
  if (past < DAY) return ["h", Math.floor(past / HOUR)];
  const days = past / DAY;
  if (days < 2 * MONTH) return ["d", Math.floor(days)];
  if (days < 2 * YEAR) return ["mo", Math.floor(days / MONTH)];
  return ["y", Math.floor(days / YEAR)];
};

const refresh = (patterns) => {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-age]")) {
    const past = (now - Date.parse(element.dateTime)) / 1000;
    const kind = element.dataset.age;
    const [unit, count] = ageSteps(kind === "in" ? -past : past);
    const bare = patterns[unit].replace("{}", count);
    const text = kind && unit !== "now" ? patterns[kind].replace("{}", bare) : bare;
    if (element.textContent !== text) element.textContent = text;
  }
};

export const startAges = () => {
  const patterns = JSON.parse(document.body.dataset.ages);
  setInterval(() => { if (!document.hidden) refresh(patterns); }, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(patterns); });
};
