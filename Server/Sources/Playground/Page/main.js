import { whenKeyIsGiven } from "./api.js";
import { byID, say } from "./dom.js";
import * as source from "./source.js";
import * as models from "./models.js";
import * as train from "./train.js";

const parts = {
  playground: { load: async () => train.begin(await source.load()), note: "training-note" },
  models: { load: models.load, note: "answer-note" },
};

/** Shows the part that the address names, and loads it once. */
async function show() {
  const name = location.hash.slice(1) in parts ? location.hash.slice(1) : "playground";
  for (const id of Object.keys(parts)) byID(id).hidden = id !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const part = parts[name];
  if (part.isLoaded) return;
  try {
    await part.load();
    part.isLoaded = true;
  } catch (error) {
    say(byID(part.note), error.message, true);
  }
}

whenKeyIsGiven(show);
addEventListener("hashchange", show);
show();
