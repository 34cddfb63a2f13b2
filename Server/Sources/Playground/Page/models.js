// The models that are loaded: a form for each kind, and its answer.
import { ask, events } from "./api.js";
import * as answers from "./answers.js";
import { byID, element, say } from "./dom.js";
import { Roll } from "./roll.js";

const select = byID("model");
const form = byID("question");
const note = byID("answer-note");
const answer = byID("answer");
let current = null;

const text = (name, label, value = "", more = {}) => ({ name, label, value, tag: "textarea", ...more });
const number = (name, label, value, min, max, more = {}) => ({ name, label, value, type: "number", min, max, step: 1, ...more });
const check = (name, label) => ({ name, label, type: "checkbox" });
const line = (name, label, value, more = {}) => ({ name, label, value, type: "text", ...more });

/** Kinds of models: what is asked, what is sent, and how the answer is shown. */
const kinds = {
  recurrent_forecaster: {
    fields: [
      text("values", "Values, oldest first (empty: the last rows of the training)"),
      number("steps", "Steps", 24, 1, 1000),
    ],
    async ask(request, signal) {
      const values = numbers(request.values);
      delete request.values;
      if (values.length > 0) request.values = values;
      const result = await ask("/v1/forecast", request, signal);
      const given = values.length > 0 ? [values] : await ask(`/playground/recent/${encodeURIComponent(request.model)}`, undefined, signal);
      answers.forecast(answer, result, given);
    },
  },
  recurrent_text_classifier: {
    fields: [text("text", "Text", "What a delightful evening."), check("explain", "Show which words carried the decision")],
    async ask(request, signal) {
      request.explain = request.explain ? "occlusion" : undefined;
      answers.classes(answer, (await ask("/v1/classify", request, signal))[0]);
    },
  },
  recurrent_sequence_tagger: {
    fields: [text("text", "Text", "Anna Schmidt flew from Paris to New York.")],
    async ask(request, signal) { answers.tags(answer, (await ask("/v1/tag", request, signal))[0]); },
  },
  recurrent_translator: {
    fields: [text("text", "Text", "Guten Morgen!"), number("beam", "Beam", 4, 1, 100)],
    async ask(request, signal) {
      answers.translation(answer, (await ask("/v1/translate", { ...request, attention: true }, signal))[0][0]);
    },
  },
  recurrent_text_generator: {
    fields: [
      text("prompt", "Begins with", "The "), number("length", "Length", 300, 1, 10000),
      number("temperature", "Temperature", 0.8, 0.01, 100, { step: "any" }), number("seed", "Seed", 1, 0, 1000000),
    ],
    async ask(request, signal) {
      const written = document.createTextNode(request.prompt);
      answer.replaceChildren(element("p", { class: "text", "aria-label": "The text" }, written));
      for await (const event of events("/v1/generate", { ...request, stream: true }, signal)) {
        if (event.error) throw new Error(event.error);
        if (event.text) written.data += event.text;
      }
    },
  },
  recurrent_composer: {
    fields: [
      line("note", "First note", "C4", { isOptional: true }), number("steps", "Steps", 64, 1, 10000),
      number("temperature", "Temperature", 1, 0.01, 100, { step: "any" }),
      line("scale", "Scale", "", { isOptional: true, placeholder: "any, or C major" }),
      number("seed", "Seed", 1, 0, 1000000),
    ],
    async ask(request, signal) {
      const roll = new Roll(await ask("/v1/compose", request, signal));
      answer.replaceChildren(roll.node);
    },
  },
  recurrent_image_classifier: {
    fields: [{ name: "png", label: "A picture (PNG)", type: "file", accept: "image/png" }],
    async ask(request, signal) {
      if (!request.png) throw new Error("Choose a picture.");
      const bytes = new Uint8Array(await request.png.arrayBuffer());
      const png = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      const result = await ask("/v1/classify-image", { model: request.model, png }, signal);
      answers.classes(answer, Array.isArray(result) ? result[0] : result);
    },
  },
};

function numbers(text) {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = parts.find((part) => !Number.isFinite(Number(part)));
  if (wrong !== undefined) throw new Error(`Values: found “${wrong}”, expected numbers between spaces, commas or line ends.`);
  return parts.map(Number);
}

/** Lists the models. */
export async function load() {
  const index = await ask("/v2/repository/index", { ready: true });
  const models = await Promise.all(index.map(({ name }) => ask(`/v2/models/${encodeURIComponent(name)}`)));
  select.replaceChildren(...models.map((model) => element("option", { value: model.name, text: model.name })));
  select.disabled = models.length === 0;
  if (models.length === 0) {
    say(note, "No model is loaded. Train one: recurrent train forecaster --output models/co2, and start the server with --models models.");
    return;
  }
  const choose = () => show(models.find((model) => model.name === select.value));
  select.addEventListener("change", choose);
  choose();
}

function show(model) {
  current?.abort();
  say(note, "");
  answer.replaceChildren();
  const kind = kinds[model.platform];
  if (!kind) {
    form.replaceChildren();
    answers.ports(answer, model);
    return;
  }
  const inputs = kind.fields.map(({ label, tag = "input", name, isOptional, ...attributes }) => {
    const id = `ask-${name}`;
    const { value, ...rest } = attributes;
    const input = element(tag, { id, name, "data-optional": isOptional, ...rest });
    if (value !== undefined) input.value = value;
    if (attributes.type === "checkbox") return element("label", { class: "check" }, input, label);
    return element("div", { class: tag === "textarea" ? "field wide" : "field" }, element("label", { for: id, text: label }), input);
  });
  const stop = element("button", { type: "button", text: "Stop", disabled: true, onclick: () => current?.abort() });
  const go = element("button", { class: "main", text: "Ask" });
  form.replaceChildren(element("div", { class: "row" }, ...inputs), element("div", { class: "row actions" }, go, stop));
  form.onsubmit = async (event) => {
    event.preventDefault();
    const request = collect(model.name);
    if (!request) return;
    current?.abort();
    const own = (current = new AbortController());
    stop.disabled = false;
    answer.setAttribute("aria-busy", "true");
    say(note, "Asking …");
    try {
      await kind.ask(request, own.signal);
      if (current === own) say(note, "Answered.");
    } catch (error) {
      if (current === own) say(note, own.signal.aborted ? "Stopped." : error.message, !own.signal.aborted);
    }
    if (current !== own) return;
    answer.removeAttribute("aria-busy");
    if (document.activeElement === stop) go.focus();
    stop.disabled = true;
  };
}

/** What the form says; nil, and a sentence, if a field is not what it should be. */
function collect(model) {
  const request = { model };
  for (const field of form.querySelectorAll("[name]")) {
    const isMissing = field.type === "number" && field.value === "" && !("optional" in field.dataset);
    field.setAttribute("aria-invalid", isMissing || !field.validity.valid);
    if (isMissing || !field.validity.valid) {
      field.focus();
      say(note, `${field.labels[0].textContent}: a number between ${field.min} and ${field.max}.`, true);
      return null;
    }
    if (field.type === "checkbox") request[field.name] = field.checked;
    else if (field.type === "file") request[field.name] = field.files[0];
    else if (field.value === "" && "optional" in field.dataset) continue;
    else request[field.name] = field.type === "number" ? Number(field.value) : field.value;
  }
  return request;
}
