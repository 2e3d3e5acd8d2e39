// Draws charts with uPlot from `GET /api/charts`: smooth lines or bars, a crosshair that tells the day and its value, zoom by dragging (a
// double click or the button shows the whole range again), colours of the theme. The elements come from templates/parts/charts.html.
const SERIES = { uploaded: "--c3", duration: "--c2", stored_size: "--c1", files: "--c6", source_size: "--c5", versions: "--c4" };
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const BYTES = new Set(["uploaded", "stored_size", "source_size"]);
const SYNC = "charts";
const HALF_DAY = 43200;
const locale = document.documentElement.dataset.locale || undefined;

const number = (value, digits = 0) => value.toLocaleString(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits });
const size = (value) => {
  let amount = value, unit = 0;
  while (Math.abs(amount) >= 999.5 && unit < SIZES.length - 1) { amount /= 1024; unit += 1; }
  const digits = unit === 0 || Math.abs(amount) >= 99.5 ? 0 : Math.abs(amount) >= 9.95 ? 1 : 2;
  return `${number(amount, digits)}\u00a0${SIZES[unit]}`;
};
const duration = (seconds) => {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const text = parts.map((part, index) => (index ? String(part).padStart(2, "0") : String(part)));
  return parts[0] ? text.join(":") : `${parts[1]}:${text[2]}`;
};
const textOf = (name, value) => (BYTES.has(name) ? size(value) : name === "duration" ? duration(value) : number(value));

// Ticks at round steps of the unit: powers of two for bytes, of sixty for durations.
const steps = (name) => {
  if (BYTES.has(name)) return Array.from({ length: 61 }, (_, power) => 2 ** power);
  if (name === "duration") return [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000];
  return [1, 2, 5].flatMap((step) => Array.from({ length: 13 }, (_, power) => step * 10 ** power)).sort((a, b) => a - b);
};

// Days are UTC days, so that is how the axis names them.
const day = (seconds, options) => new Date(seconds * 1000).toLocaleDateString(locale, { timeZone: "UTC", ...options });

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  // Canvas does not know light-dark(): a probe element says which of the two is in use.
  const probe = document.createElement("i");
  document.body.append(probe);
  const value = (name) => { probe.style.color = style.getPropertyValue(name); return getComputedStyle(probe).color; };
  const found = Object.fromEntries(["--line", "--muted", ...Object.values(SERIES)].map((name) => [name, value(name)]));
  probe.remove();
  return found;
};

const faded = (colour, share) => colour.replace(/^(\w+)\((.*?)(?:\s*\/.*)?\)$/, (_, kind, inner) => (inner.includes(",") ? colour : `${kind}(${inner} / ${share})`));

const crosshair = (name, tip) => ({
  hooks: {
    setCursor: [(plot) => {
      const index = plot.cursor.idx;
      const value = index == null ? null : plot.data[1][index];
      tip.hidden = value == null;
      if (value == null) return;
      tip.textContent = `${day(plot.data[0][index], { day: "numeric", month: "short", year: "numeric" })}: ${textOf(name, value)}`;
      const left = plot.cursor.left + plot.over.offsetLeft;
      tip.style.left = `${Math.max(0, Math.min(left - tip.offsetWidth / 2, plot.root.offsetWidth - tip.offsetWidth))}px`;
    }],
  },
});

const draw = (figure, data, texts) => {
  const name = figure.dataset.chart;
  const host = figure.querySelector("[data-plot]");
  const [x, y] = [data.days, data[name]];
  figure.plot?.destroy();
  figure.plot = null;
  host.replaceChildren();
  const known = y.filter((value) => value != null);
  figure.querySelector("[data-figure]").textContent = known.length ? textOf(name, known[known.length - 1]) : "";
  if (!known.length) {
    const none = document.createElement("span");
    none.className = "none";
    none.textContent = texts.none;
    host.append(none);
    return;
  }
  const { style } = figure.dataset;
  const palette = colours();
  const colour = palette[SERIES[name]];
  const tip = document.createElement("span");
  tip.className = "tip";
  tip.hidden = true;
  const { paths } = window.uPlot;
  const axis = { stroke: palette["--muted"], font: "11px system-ui, sans-serif", grid: { stroke: palette["--line"], width: 1 }, ticks: { show: false } };
  const options = {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [6, 8, 0, 0],
    cursor: { sync: { key: SYNC }, drag: { x: true, y: false }, points: { size: 7 }, y: false },
    // Half a day at both ends: the bars of the first and the last day are as wide as the others.
    scales: { x: { time: true, range: (_, first, last) => [first - HALF_DAY, last + HALF_DAY] }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    axes: [
      { ...axis, space: 76, size: 26, values: (_, at) => at.map((each) => (each % 86400 ? "" : day(each, data.days.length > 400 ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" }))), grid: { show: false } },
      { ...axis, size: 66, gap: 4, space: 34, incrs: steps(name), values: (_, at) => at.map((each) => textOf(name, each)) },
    ],
    series: [{}, {
      stroke: colour,
      fill: faded(colour, style === "bars" ? 0.55 : 0.12),
      width: style === "bars" ? 0 : 1.75,
      spanGaps: true,
      points: { show: known.length < 3 },
      paths: style === "bars" ? paths.bars({ size: [0.7, 24] }) : paths.spline(),
    }],
    legend: { show: false },
    plugins: [crosshair(name, tip)],
  };
  figure.plot = new window.uPlot(options, [x, y], host);
  host.append(tip);
  host.setAttribute("aria-label", `${figure.querySelector("h3").textContent}: ${day(x[0], { dateStyle: "medium" })} – ${day(x[x.length - 1], { dateStyle: "medium" })}, ${textOf(name, Math.min(...known))} – ${textOf(name, Math.max(...known))}`);
};

const load = async (group) => {
  const source = group.dataset.charts;
  const texts = JSON.parse(group.dataset.texts);
  group.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(source, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const body = await answer.text();
    // Drawing anew would undo a zoom: only what is new is drawn.
    if (group.chartSource === source && group.chartBody === body) return;
    group.chartSource = source;
    group.chartBody = body;
    group.chartData = JSON.parse(body);
    for (const figure of group.querySelectorAll("[data-chart]")) draw(figure, group.chartData, texts);
  } catch {
    for (const host of group.querySelectorAll("[data-plot]")) {
      if (host.querySelector(".uplot")) continue;
      const none = document.createElement("span");
      none.className = "none";
      none.textContent = texts.failed;
      host.replaceChildren(none);
    }
  } finally {
    group.removeAttribute("aria-busy");
  }
};

const groups = () => document.querySelectorAll("[data-charts]");
const redraw = () => {
  for (const group of groups()) {
    if (!group.chartData) continue;
    for (const figure of group.querySelectorAll("[data-chart]")) draw(figure, group.chartData, JSON.parse(group.dataset.texts));
  }
};

let width = innerWidth, timer = 0;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(timer);
  timer = setTimeout(redraw, 120);
});
document.addEventListener("theme", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
document.addEventListener("changed", () => { for (const group of groups()) load(group); });
// A part of the page was replaced: it may hold other charts, or the same ones of another range.
document.addEventListener("htmx:after:swap", () => { for (const group of groups()) if (group.chartSource !== group.dataset.charts) load(group); });
export const startCharts = () => { for (const group of groups()) load(group); };
startCharts();
