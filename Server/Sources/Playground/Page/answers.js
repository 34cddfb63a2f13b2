// Answers of models as one sees them.
import { Chart } from "./chart.js";
import { element, short } from "./dom.js";

/** Forecasts in their interval, each behind the values that it goes on from. */
export function forecast(place, { target, series, interval, skill }, given) {
  const charts = series.slice(0, 12).map(({ name, forecast: points }, index) => {
    const values = given[index] ?? [];
    const history = values.slice(-100);
    const chart = new Chart(name ? `${target}, ${name}` : target, { xLabel: "row" });
    const from = values.length + 1;
    // From the last value on, so that lines meet.
    const line = (name) => history.slice(-1).concat(points.map((point) => point[name]));
    const start = from - history.slice(-1).length;
    chart.show(
      [
        { name: "so far", values: history, look: "truth", from: from - history.length },
        { name: "forecast", values: line("value"), from: start },
      ],
      { band: { lower: line("lower"), upper: line("upper"), from: start } });
    const rows = points.slice(0, 200).map((point) =>
      element("tr", {}, element("th", { scope: "row", text: point.time }),
        ...[point.value, point.lower, point.upper].map((value) => element("td", { class: "number", text: short(value) }))));
    const head = element("tr", {}, ...["time", "forecast", "from", "to"].map((text) => element("th", { scope: "col", text })));
    return element("div", {}, chart.node,
      element("details", {}, element("summary", { text: "As a table" }),
        element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)))));
  });
  const percent = Math.round(interval.coverage * 100);
  const words = [`The interval should hold ${percent} % of the values.`];
  if (skill !== undefined && skill !== null) {
    words.push(`On unseen rows the model was ${(Math.abs(skill) * 100).toFixed(1)} % ${skill > 0 ? "better" : "worse"} than the naive forecast.`);
  }
  place.replaceChildren(...charts, element("p", { class: "hint", text: words.join(" ") }));
}

/** Classes with their probabilities, the likeliest first; and what each word did, if that was asked. */
export function classes(place, result) {
  const sorted = Object.entries(result.probabilities).sort((a, b) => b[1] - a[1]);
  const bars = sorted.slice(0, 20).flatMap(([label, probability]) => {
    const bar = element("div", { class: "bar" });
    bar.style.width = `${probability * 100}%`;
    return [
      element("dt", { text: label }), element("dd", { "aria-hidden": "true" }, bar),
      element("dd", { class: "number", text: `${(probability * 100).toFixed(1)} %` }),
    ];
  });
  place.replaceChildren(element("h2", { text: result.label }), element("dl", { class: "bars" }, ...bars));
  const words = result.occlusion ?? result.attention;
  if (!words) return;
  const most = Math.max(...words.map(([, weight]) => Math.abs(weight)), 1e-9);
  const text = words.flatMap(([token, weight]) => {
    const word = shaded(element("mark", { text: token, title: short(weight) }), Math.abs(weight) / most);
    word.style.borderBottomStyle = weight < 0 ? "dotted" : "solid";
    return [word, " "];
  });
  place.append(
    element("p", { class: "text" }, ...text),
    element("p", { class: "hint", text: "The deeper the colour, the more the decision changes without the word; dotted: it spoke against it." }));
}

/** An element in so deep a colour, 0 to 1, that its text can still be read. */
function shaded(node, share) {
  node.classList.add("shaded");
  node.style.setProperty("--share", share.toFixed(3));
  return node;
}

/** A text with its spans. */
export function tags(place, { text, spans }) {
  const letters = Array.from(text);
  const parts = [];
  let end = 0;
  for (const span of spans) {
    parts.push(letters.slice(end, span.start).join(""));
    parts.push(element("mark", {}, `${letters.slice(span.start, span.end).join("")} `, element("small", { text: span.type })));
    end = span.end;
  }
  parts.push(letters.slice(end).join(""));
  place.replaceChildren(
    element("p", { class: "text" }, ...parts),
    element("p", { class: "hint", text: spans.length === 0 ? "No span was found." : `${spans.length} ${spans.length === 1 ? "span" : "spans"}.` }));
}

/** A translation, and how much each token of the text counted for each of its own. */
export function translation(place, { translation, score, source_tokens: source, tokens, attention }) {
  place.replaceChildren(
    element("p", { class: "text", text: translation || "(an empty translation)" }),
    element("p", { class: "hint", text: `Score ${short(score)}.` }));
  if (!attention?.length) return;
  const head = element("tr", {}, element("td"), ...source.map((text) => element("th", { scope: "col", text })));
  const rows = attention.map((weights, index) =>
    element("tr", {}, element("th", { scope: "row", text: tokens[index] ?? "" }), ...weights.map((weight) =>
      shaded(element("td", { text: weight.toFixed(2).replace(/^0/, "") }), weight))));
  place.append(
    element("figure", {}, element("figcaption", { text: "Attention: of each token of the translation to those of the text" }),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Attention" },
        element("table", { class: "heat" }, element("thead", {}, head), element("tbody", {}, ...rows)))));
}

/** What a model takes and gives, where the page has no form for it. */
export function ports(place, { name, platform, inputs, outputs }) {
  const rows = [["input", inputs], ["output", outputs]].flatMap(([kind, list]) =>
    list.map((port) => element("tr", {}, ...[kind, port.name, port.datatype, port.shape.join(" × ").replaceAll("-1", "any")].map((text) => element("td", { text })))));
  place.replaceChildren(
    element("p", { text: `${name} is asked in tensors, by POST /v2/models/${name}/infer (${platform}).` }),
    element("div", { class: "scroll" }, element("table", {}, element("tbody", {}, ...rows))));
}
