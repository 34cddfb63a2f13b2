// The series of a training: one of the server's, a column of a table, or a drawing.
import { ask } from "./api.js";
import { Chart } from "./chart.js";
import { byID, element, say, short, shape } from "./dom.js";

const select = byID("series");
const note = byID("series-note");
const column = byID("column");
const pad = byID("pad");
const preview = new Chart("The series", { xLabel: "row" });
byID("preview").append(preview.node);

let bundled = [];
let sent = null; // the text of a table, and what the server read of it
const drawn = Array.from({ length: 80 }, (_, place) => 0.5 + 0.35 * Math.sin((place / 80) * 2 * Math.PI));
let cursor = 0;

/** What a training is told of the series that is chosen. */
export function chosen() {
  if (select.value === "drawn") return { values: Array.from({ length: 640 }, (_, place) => drawn[place % 80]) };
  if (select.value === "sent") return { values: sent.values };
  return { series: select.value };
}

/** What the server carries, and how much may be sent. */
export async function load() {
  const playground = await ask("/playground");
  bundled = playground.series;
  select.replaceChildren(
    ...bundled.map((series) => element("option", { value: series.name, text: series.title })),
    element("option", { value: "drawn", text: "Draw one" }));
  show();
  return playground;
}

function show() {
  const isDrawn = select.value === "drawn";
  byID("drawing").hidden = !isDrawn;
  byID("preview").hidden = isDrawn;
  byID("column-field").hidden = select.value !== "sent";
  if (isDrawn) {
    drawPad();
    say(note, "A drawing of 80 points, eight times over: 640 rows.");
    return;
  }
  const series = select.value === "sent" ? sent : bundled.find((series) => series.name === select.value);
  const values = series.values;
  preview.show([{ name: series.unit ?? series.column, values, look: "truth" }]);
  say(note, [`${values.length} rows from ${short(values[0])} to ${short(values.at(-1))}.`, ...(series.remarks ?? []).map((text) => `${text[0].toUpperCase()}${text.slice(1)}.`)].join(" "));
}

select.addEventListener("change", show);

// A table

async function read(csv, name) {
  try {
    const answer = await ask("/playground/table", name ? { csv, column: name } : { csv });
    sent = { ...answer, csv };
    if (!select.querySelector("[value=sent]")) select.append(element("option", { value: "sent", text: "Your table" }));
    select.value = "sent";
    column.replaceChildren(...answer.columns.map((text) => element("option", { value: text, text })));
    column.value = answer.column;
    show();
  } catch (error) {
    say(note, error.message, true);
    if (sent) column.value = sent.column;
  }
}

byID("upload").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (file) await read(await file.text());
});
column.addEventListener("change", () => read(sent.csv, column.value));

// A drawing

function drawPad() {
  const x = (place) => (place / 79) * 640;
  pad.replaceChildren(
    shape("line", { x1: x(cursor), x2: x(cursor), y1: 0, y2: 200 }),
    shape("polyline", { points: drawn.map((value, place) => `${x(place)},${195 - value * 190}`).join(" ") }));
  pad.setAttribute("aria-valuenow", Math.round(drawn[cursor] * 100));
  pad.setAttribute("aria-valuetext", `Point ${cursor + 1} of 80: ${Math.round(drawn[cursor] * 100)} of 100`);
}

function put(event) {
  const box = pad.getBoundingClientRect();
  const place = Math.max(0, Math.min(79, Math.round(((event.clientX - box.left) / box.width) * 79)));
  const value = Math.max(0, Math.min(1, 1 - (event.clientY - box.top) / box.height));
  // Points that a fast pointer jumps over lie on the line between.
  const [from, start] = [cursor, drawn[cursor]];
  const steps = event.type === "pointermove" ? Math.abs(place - from) : 0;
  for (let step = 1; step < steps; step++) {
    drawn[from + Math.sign(place - from) * step] = start + ((value - start) * step) / steps;
  }
  drawn[place] = value;
  cursor = place;
  drawPad();
}

pad.addEventListener("pointerdown", (event) => {
  pad.setPointerCapture(event.pointerId);
  put(event);
});
pad.addEventListener("pointermove", (event) => { if (event.buttons & 1) put(event); });
pad.addEventListener("keydown", (event) => {
  const far = event.shiftKey ? 5 : 1;
  if (event.key === "ArrowLeft") cursor = Math.max(0, cursor - far);
  else if (event.key === "ArrowRight") cursor = Math.min(79, cursor + far);
  else if (event.key === "ArrowUp") drawn[cursor] = Math.min(1, drawn[cursor] + 0.02 * far);
  else if (event.key === "ArrowDown") drawn[cursor] = Math.max(0, drawn[cursor] - 0.02 * far);
  else return;
  event.preventDefault();
  drawPad();
});
byID("clear").addEventListener("click", () => {
  drawn.fill(0.5);
  cursor = 0;
  drawPad();
});
