// A tune that one sees and hears.
import { element, say, shape } from "./dom.js";

const [wide, high] = [10, 8];
const jumps = matchMedia("(prefers-reduced-motion: reduce)");
const black = new Set([1, 3, 6, 8, 10]);

/** A piano roll of an answer of a composer, with what plays it. */
export class Roll {
  constructor({ notes, steps, steps_per_beat: perBeat, tempo, midi }) {
    Object.assign(this, { notes, steps, secondsPerStep: 60 / tempo / perBeat });
    const low = Math.min(60, ...notes.map((note) => note.number)) - 1;
    const top = Math.max(60, ...notes.map((note) => note.number)) + 1;
    const rows = top - low + 1;
    const parts = [];
    for (let pitch = low; pitch <= top; pitch++) {
      if (black.has(pitch % 12)) parts.push(shape("rect", { class: "black", x: 0, y: (top - pitch) * high, width: steps * wide, height: high }));
    }
    for (let step = 0; step <= steps; step += perBeat) {
      parts.push(shape("line", { class: "beat", x1: step * wide, x2: step * wide, y1: 0, y2: rows * high }));
    }
    for (const note of notes) {
      parts.push(shape("rect", { class: "note", x: note.start * wide, y: (top - note.number) * high + 1, width: Math.max(2, (note.end - note.start) * wide - 1), height: high - 2 }));
    }
    this.head = shape("line", { class: "head", x1: 0, x2: 0, y1: 0, y2: rows * high });
    this.svg = shape("svg", { class: "roll", viewBox: `0 0 ${steps * wide} ${rows * high}`, preserveAspectRatio: "none", role: "img", "aria-label": `A piano roll of ${notes.length} notes in ${steps} steps` }, ...parts, this.head);
    this.svg.style.minWidth = `${steps * 4}px`;
    this.svg.style.height = `${Math.max(120, Math.min(360, rows * high))}px`;
    this.button = element("button", { type: "button", class: "main", text: "Play", onclick: () => (this.sound ? this.stop() : this.play()) });
    this.note = element("p", { class: "hint", role: "status", text: `${notes.length} notes.` });
    const save = element("a", { href: `data:audio/midi;base64,${midi}`, download: "tune.mid", text: "Save as MIDI" });
    this.node = element("div", {},
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Piano roll" }, this.svg),
      element("div", { class: "row actions" }, this.button, save, this.note));
  }

  play() {
    const sound = (this.sound = new AudioContext());
    const [volume, limit] = [new GainNode(sound, { gain: 0.25 }), new DynamicsCompressorNode(sound)];
    volume.connect(limit).connect(sound.destination);
    const start = sound.currentTime + 0.1;
    const waiting = this.notes.toSorted((a, b) => a.start - b.start);
    // Notes get their voices a second before they sound, so that a long tune does not ask for all at once.
    const plan = () => {
      while (waiting.length > 0 && start + waiting[0].start * this.secondsPerStep < sound.currentTime + 1) {
        this.voice(waiting.shift(), start, volume);
      }
    };
    plan();
    this.timer = setInterval(plan, 200);
    this.button.textContent = "Silence";
    say(this.note, "Playing.");
    const follow = () => {
      if (this.sound !== sound) return;
      const step = (sound.currentTime - start) / this.secondsPerStep;
      if (step > this.steps || !this.node.isConnected) { this.stop(); return; }
      this.head.setAttribute("transform", `translate(${Math.max(0, jumps.matches ? Math.floor(step) : step) * wide})`);
      requestAnimationFrame(follow);
    };
    follow();
  }

  voice({ number, start: from, end }, start, volume) {
    const sound = this.sound;
    const [begin, stop] = [start + from * this.secondsPerStep, start + end * this.secondsPerStep];
    const voice = new OscillatorNode(sound, { type: "triangle", frequency: 440 * 2 ** ((number - 69) / 12) });
    const loudness = new GainNode(sound, { gain: 0 });
    loudness.gain.setValueAtTime(0, begin);
    loudness.gain.linearRampToValueAtTime(0.6, begin + 0.01);
    loudness.gain.setTargetAtTime(0.25, begin + 0.02, 0.2);
    loudness.gain.setTargetAtTime(0, Math.max(begin + 0.03, stop - 0.02), 0.03);
    voice.connect(loudness).connect(volume);
    voice.start(begin);
    voice.stop(stop + 0.2);
  }

  stop() {
    clearInterval(this.timer);
    this.sound?.close();
    this.sound = null;
    this.button.textContent = "Play";
    this.head.removeAttribute("transform");
    say(this.note, "Silent.");
  }
}
