import { element, shape, short } from "./dom.js";

const height = 170;
const margin = { top: 8, right: 10, bottom: 22, left: 46 };

/** Round numbers in a range, at least two where there is room. */
function ticks(low, high, count) {
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const steps = [10, 5, 2, 1, 0.5].map((factor) => factor * power);
  const step = steps.find((step) => (high - low) / step >= count - 1) ?? power;
  const all = [];
  for (let tick = Math.ceil(low / step); tick * step <= high; tick++) all.push(Number((tick * step).toPrecision(12)));
  return all;
}

/** Powers of ten in a range of logarithms; in a narrow one, numbers between them too. */
function powers(low, high) {
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const factors = high - low > 1.5 ? [1] : [1, 2, 5];
  const all = [];
  for (let power = Math.floor(low); power <= high; power += step) {
    for (const factor of factors) all.push(factor * 10 ** power);
  }
  const inside = all.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  return inside.length > 1 ? inside : ticks(10 ** low, 10 ** high, 3);
}

const superscript = (text) => text.replace(/[-\d]/g, (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]);

/** A number at an axis. */
function tickText(value) {
  const power = Math.log10(Math.abs(value));
  if (value !== 0 && (power < -3 || power >= 6)) {
    const [digits, exponent] = value.toExponential(0).split("e");
    return `${digits === "1" ? "" : `${digits}·`}10${superscript(exponent.replace("+", ""))}`;
  }
  return short(value);
}

/**
 * A chart of lines that is drawn again as its numbers change and as its place gets wider or narrower.
 *
 * A line has a name, values (null where there is none), and perhaps `look` (classes) and `from`, the
 * x of its first value. A band has lower and upper values.
 */
export class Chart {
  constructor(title, { log = false, xLabel = "" } = {}) {
    Object.assign(this, { log, xLabel, title, lines: [] });
    this.svg = shape("svg", { class: "chart", role: "img" });
    this.key = element("ul", { class: "key", "aria-hidden": "true" });
    this.node = element("figure", {}, element("figcaption", {}, title, element("span", { text: xLabel && ` by ${xLabel}` })), this.svg, this.key);
    new ResizeObserver(() => this.draw()).observe(this.svg.parentElement);
    this.draw();
  }

  show(lines, { band } = {}) {
    Object.assign(this, { lines, band });
    this.draw();
  }

  draw() {
    const width = Math.max(220, this.node.clientWidth || 320);
    const { svg, log } = this;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const place = (value) => (log ? Math.log10(value) : value);
    const isShown = (value) => value !== null && (!log || value > 0);
    const lines = this.lines.filter((line) => line.values.some(isShown));
    const seen = lines.concat(this.band ? [{ ...this.band, values: this.band.lower }, { ...this.band, values: this.band.upper }] : []);
    let [low, high, right, left] = [Infinity, -Infinity, -Infinity, Infinity];
    for (const line of seen) {
      left = Math.min(left, line.from ?? 0);
      right = Math.max(right, (line.from ?? 0) + line.values.length - 1);
      for (const value of line.values) {
        if (!isShown(value)) continue;
        low = Math.min(low, place(value));
        high = Math.max(high, place(value));
      }
    }
    if (low > high) [low, high, left, right] = [0, 1, 0, 1];
    if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
    const space = (high - low) * 0.04;
    [low, high] = [low - space, high + space];
    if (right <= left) right = left + 1;
    const x = (at) => margin.left + ((at - left) / (right - left)) * (width - margin.left - margin.right);
    const y = (value) => height - margin.bottom - ((place(value) - low) / (high - low)) * (height - margin.top - margin.bottom);

    const parts = [];
    const marks = log ? powers(low, high) : ticks(low, high, 3);
    for (const mark of marks) {
      parts.push(shape("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(mark), y2: y(mark) }));
      parts.push(shape("text", { x: margin.left - 6, y: y(mark) + 4, "text-anchor": "end", text: tickText(mark) }));
    }
    for (const mark of ticks(left, right, width > 420 ? 6 : 4).filter(Number.isInteger)) {
      parts.push(shape("text", { x: x(mark), y: height - 6, "text-anchor": "middle", text: short(mark) }));
    }
    if (this.band) {
      const { lower, upper, from = 0 } = this.band;
      const top = upper.map((value, index) => `${x(from + index)},${y(value)}`);
      const bottom = lower.map((value, index) => `${x(from + index)},${y(value)}`).reverse();
      parts.push(shape("polygon", { class: "band", points: top.concat(bottom).join(" ") }));
    }
    for (const line of lines) {
      const from = line.from ?? 0;
      const points = line.values.flatMap((value, index) => (!isShown(value) ? [] : [`${x(from + index).toFixed(1)},${y(value).toFixed(1)}`]));
      if (points.length === 1) points.push(points[0].replace(/^[^,]+/, (at) => Number(at) + 6));
      parts.push(shape("polyline", { class: `line ${line.look ?? ""}`, points: points.join(" ") }));
    }
    svg.replaceChildren(...parts);
    svg.setAttribute("aria-label", this.label(lines));
    this.drawKey(lines);
  }

  label(lines) {
    if (lines.length === 0) return `${this.title}: nothing yet`;
    const last = lines.map((line) => `${line.name} ${short(line.values.at(-1))}`);
    return `${this.title}. ${this.xLabel ? `By ${this.xLabel}. ` : ""}Last: ${last.join(", ")}.`;
  }

  drawKey(lines) {
    const names = lines.map((line) => `${line.name} ${line.look ?? ""}`).join();
    if (names === this.names) return;
    this.names = names;
    this.key.replaceChildren(
      ...lines.map((line) =>
        element("li", {},
          shape("svg", { viewBox: "0 0 22 8" }, shape("line", { class: line.look ?? "", x1: 0, x2: 22, y1: 4, y2: 4 })),
          line.name)));
  }
}
