import { powers, tickText, ticks } from "./axis.js";
import { element, shape, short } from "./dom.js";

const height = 170;
const margin = { top: 8, right: 10, bottom: 22, left: 46 };

/**
 * A chart of lines that is drawn again as its numbers change and as its place gets wider or narrower.
 *
 * A line has a name, values (null where there is none), and perhaps `look` (classes) and `from`, the
 * x of its first value. A band has lower and upper values.
 */
export class Chart {
  constructor(title, { log = false, xLabel = "" } = {}) {
    Object.assign(this, { log, xLabel, title, lines: [], at: null });
    this.svg = shape("svg", { class: "chart", role: "img" });
    this.key = element("ul", { class: "key", "aria-hidden": "true" });
    this.node = element("figure", {}, element("figcaption", {}, title, element("span", { text: xLabel && ` by ${xLabel}` })), this.svg, this.key);
    this.svg.addEventListener("pointermove", (event) => this.pointAt(event.clientX));
    this.svg.addEventListener("pointerleave", () => this.pointAt(null));
    new ResizeObserver(() => this.draw()).observe(this.svg.parentElement);
    this.draw();
  }

  show(lines, { band } = {}) {
    Object.assign(this, { lines, band });
    this.draw();
  }

  /** Shows the values where the pointer is. */
  pointAt(clientX) {
    const { left, right, width } = this.scale;
    const box = this.svg.getBoundingClientRect();
    const share = (((clientX - box.left) / box.width) * width - margin.left) / (width - margin.left - margin.right);
    const at = clientX === null ? null : Math.max(left, Math.min(right, Math.round(left + share * (right - left))));
    if (at === this.at) return;
    this.at = at;
    this.draw();
  }

  draw() {
    const lines = this.lines.filter((line) => line.values.some((value) => this.isShown(value)));
    const scale = this.scaleOf(lines);
    const isPointed = this.at !== null && this.at >= scale.left && this.at <= scale.right;
    const pointer = { class: "grid", x1: scale.x(this.at), x2: scale.x(this.at), y1: margin.top, y2: height - margin.bottom };
    this.scale = scale;
    this.svg.setAttribute("viewBox", `0 0 ${scale.width} ${height}`);
    this.svg.setAttribute("aria-label", this.label(lines));
    this.svg.replaceChildren(
      ...this.axes(scale), ...(this.band ? [this.area(scale)] : []), ...lines.map((line) => this.path(line, scale)),
      ...(isPointed ? [shape("line", pointer)] : []));
    this.drawKey(lines, isPointed ? this.at : null);
  }

  /** On a logarithmic scale there is no place for 0. */
  isShown(value) { return value !== null && (!this.log || value > 0); }

  /** From numbers to places: what all lines and the band need. */
  scaleOf(lines) {
    const width = Math.max(220, this.node.clientWidth || 320);
    const place = (value) => (this.log ? Math.log10(value) : value);
    let [low, high, left, right] = [Infinity, -Infinity, Infinity, -Infinity];
    const { lower = [], upper = [], from: start } = this.band ?? {};
    for (const { values, from = 0 } of [...lines, { values: lower, from: start }, { values: upper, from: start }]) {
      if (values.length === 0) continue;
      [left, right] = [Math.min(left, from), Math.max(right, from + values.length - 1)];
      for (const value of values) {
        if (!this.isShown(value)) continue;
        [low, high] = [Math.min(low, place(value)), Math.max(high, place(value))];
      }
    }
    if (low > high) [low, high, left, right] = [0, 1, 0, 1];
    if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
    if (left === right) right += 1;
    const space = (high - low) * 0.04;
    [low, high] = [low - space, high + space];
    return {
      width, low, high, left, right,
      x: (at) => margin.left + ((at - left) / (right - left)) * (width - margin.left - margin.right),
      y: (value) => height - margin.bottom - ((place(value) - low) / (high - low)) * (height - margin.top - margin.bottom),
    };
  }

  axes({ width, low, high, left, right, x, y }) {
    const values = this.log ? powers(low, high) : ticks(low, high, 3);
    const steps = ticks(left, right, width > 420 ? 6 : 4).filter(Number.isInteger);
    return [
      ...values.flatMap((value) => [
        shape("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
        shape("text", { x: margin.left - 6, y: y(value) + 4, "text-anchor": "end", text: tickText(value) }),
      ]),
      ...steps.map((step) => shape("text", { x: x(step), y: height - 6, "text-anchor": "middle", text: tickText(step) })),
    ];
  }

  area({ x, y }) {
    const { lower, upper, from = 0 } = this.band;
    const edge = (values) => values.map((value, index) => `${x(from + index)},${y(value)}`);
    return shape("polygon", { class: "band", points: [...edge(upper), ...edge(lower).reverse()].join(" ") });
  }

  path({ values, from = 0, look = "" }, { x, y }) {
    const points = values.flatMap((value, index) => (this.isShown(value) ? [`${x(from + index).toFixed(1)},${y(value).toFixed(1)}`] : []));
    // A single value would not be seen.
    if (points.length === 1) points.push(points[0].replace(/^[^,]+/, (at) => Number(at) + 6));
    return shape("polyline", { class: `line ${look}`, points: points.join(" ") });
  }

  label(lines) {
    if (lines.length === 0) return `${this.title}: nothing yet`;
    const last = lines.map((line) => `${line.name} ${short(line.values.at(-1))}`);
    return `${this.title}. ${this.xLabel ? `By ${this.xLabel}. ` : ""}Last: ${last.join(", ")}.`;
  }

  drawKey(lines, at) {
    const names = lines.map((line) => {
      const value = at === null ? undefined : line.values[at - (line.from ?? 0)];
      return value === undefined || value === null ? line.name : `${line.name} ${short(value)}`;
    });
    if (names.join() === this.names) return;
    this.names = names.join();
    this.key.replaceChildren(...lines.map((line, index) =>
      element("li", {},
        shape("svg", { viewBox: "0 0 22 8" }, shape("line", { class: line.look ?? "", x1: 0, x2: 22, y1: 4, y2: 4 })),
        names[index])));
    if (at !== null) this.key.append(element("li", { text: `${this.xLabel} ${at}` }));
  }
}
