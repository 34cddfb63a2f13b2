// Trainings side by side: a panel each, which shows the events of one.
import { events } from "./api.js";
import { Chart } from "./chart.js";
import { byID, element, say, short } from "./dom.js";
import { chosen } from "./source.js";

const names = { rnn: "RNN", lstm: "LSTM", gru: "GRU" };
const looks = ["", "dashed", "dotted"];
const note = byID("training-note");
let current = null; // what stops the trainings that run

class Panel {
  constructor(cell) {
    this.cell = cell;
    this.loss = new Chart("Loss", { log: true, xLabel: "epoch" });
    this.forecast = new Chart("Forecasts of unseen rows", { xLabel: "row" });
    this.activity = new Chart(cell === "rnn" ? "How active the units are" : "How open the gates are", { xLabel: "step of a window" });
    this.gradient = new Chart("The gradient on its way back", { log: true, xLabel: "step of a window" });
    this.state = element("p", { class: "hint", text: "waiting" });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": `Progress of the ${names[cell]}` });
    this.verdict = element("p", { class: "verdict", text: "The last line stands here when the training is over." });
    this.node = element("article", { class: "panel", "data-cell": cell, "aria-label": `Training of the ${names[cell]}` },
      element("header", {}, element("h2", { text: names[cell] }), this.state), this.bar,
      this.verdict,
      element("div", { class: "charts" }, this.forecast.node, this.loss.node, this.activity.node, this.gradient.node));
    Object.assign(this, { training: [], validation: [], naive: [] });
  }

  async run(settings, signal) {
    try {
      await this.listen(settings, signal);
      if (!this.isOver) this.fail("The server ended the training.");
    } catch (error) {
      this.fail(signal.aborted ? "Stopped." : error.message, !signal.aborted);
    }
  }

  /** Shows the events; where all places are taken, it waits for one for a while. */
  async listen(settings, signal) {
    for (let tries = 0; ; tries++) {
      try {
        for await (const event of events("/playground/train", { ...settings, cell: this.cell }, signal)) {
          this[event.event]?.(event, settings);
        }
        return;
      } catch (error) {
        if (!error.isBusy || tries === 20) throw error;
        this.state.textContent = "waits for a place";
        await new Promise((resolve) => setTimeout(resolve, 500));
        signal.throwIfAborted();
      }
    }
  }

  fail(text, isProblem = false) {
    this.state.textContent = isProblem ? "failed" : "stopped";
    say(this.verdict, text, isProblem);
  }

  start(event) {
    this.first = event;
    this.state.textContent = `${event.parameters} weights, ${event.rows.training} rows to learn from`;
  }

  progress(event, { epochs }) { this.bar.value = (event.epoch - 1 + event.share) / epochs; }

  epoch(event, { epochs }) {
    this.bar.value = event.epoch / epochs;
    this.state.textContent = `epoch ${event.epoch} of ${epochs}`;
    this.training.push(event.loss);
    this.validation.push(event.validation_loss);
    this.naive.push(this.first.naive_loss);
    this.loss.show([
      { name: "naive", values: this.naive, look: "naive", from: 1 },
      { name: "training", values: this.training, look: "dashed", from: 1 },
      { name: "validation", values: this.validation, from: 1 },
    ]);
    this.showForecast(event.forecast);
    const traces = (list) => list.map((trace, index) => ({ ...trace, look: trace.name === "hidden" && list.length > 1 ? "truth" : looks[index], from: 1 }));
    this.activity.show(traces(event.activity));
    this.gradient.show(traces(event.gradient.map((trace) => ({ ...trace, name: trace.name === "h" ? "|∂L/∂h|" : "|∂L/∂c|" }))));
  }

  showForecast(values) {
    const from = this.first.first_shown;
    this.forecast.show([
      { name: "naive", values: this.first.naive, look: "naive", from },
      { name: "forecast", values, from },
      { name: "truth", values: this.first.truth, look: "truth", from },
    ]);
  }

  end(event) {
    this.isOver = true;
    this.bar.value = 1;
    this.state.textContent = `${event.seconds.toFixed(1)} s, ${event.reason}`;
    if (event.best_epoch === 0) { this.fail(`No epoch ended: ${event.reason}.`, true); return; }
    this.showForecast(event.forecast);
    const share = Math.round(Math.abs(1 - event.rmse / event.naive_rmse) * 1000) / 10;
    const word = event.is_better ? "better than naive" : "worse than naive";
    this.verdict.classList.toggle("worse", !event.is_better);
    this.verdict.replaceChildren(
      element("strong", { text: `${share} % ${word}.` }),
      ` RMSE ${short(event.rmse)}, naive ${short(event.naive_rmse)}, on ${event.test_rows} unseen rows, with the weights of epoch ${event.best_epoch}.`);
    this.summary = `${names[this.cell]}: ${share} % ${word}`;
  }
}

/** The settings of the form; nil, and a sentence, if one is not what it should be. */
function settings(form) {
  const numbers = { units: "units", window: "window", ahead: "ahead", rate: "learning_rate", epochs: "epochs", seed: "seed" };
  const settings = chosen();
  for (const [id, name] of Object.entries(numbers)) {
    const field = byID(id);
    field.setAttribute("aria-invalid", !field.validity.valid || field.value === "");
    if (field.validity.valid && field.value !== "") { settings[name] = Number(field.value); continue; }
    field.focus();
    say(note, `${field.labels[0].textContent}: a ${field.step === "any" ? "" : "whole "}number between ${field.min} and ${field.max}.`, true);
    return null;
  }
  return settings;
}

export function begin({ trainings }) {
  const form = byID("training");
  const [train, stop] = [byID("train"), byID("stop")];
  if (trainings === 0) {
    train.disabled = true;
    say(note, "This server trains nothing (--max-trainings 0).");
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (current) return;
    const cells = [...form.querySelectorAll("[name=cell]:checked")].map((box) => box.value);
    if (cells.length === 0) { say(note, "Choose a cell, or several.", true); return; }
    const chosen = settings(form);
    if (!chosen) return;
    current = new AbortController();
    [train.disabled, stop.disabled] = [true, false];
    const panels = cells.map((cell) => new Panel(cell));
    byID("panels").replaceChildren(...panels.map((panel) => panel.node));
    say(note, `Training ${cells.map((cell) => names[cell]).join(", ")}.`);
    stop.focus();
    await Promise.all(panels.map((panel) => panel.run(chosen, current.signal)));
    const wasStopped = current.signal.aborted;
    current = null;
    [train.disabled, stop.disabled] = [false, true];
    if (document.activeElement === document.body || document.activeElement === stop) train.focus();
    say(note, wasStopped ? "Stopped." : panels.map((panel) => panel.summary ?? `${names[panel.cell]}: no result`).join(". ") + ".");
  });
  stop.addEventListener("click", () => current?.abort());
}
