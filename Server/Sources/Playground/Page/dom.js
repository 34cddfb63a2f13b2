// Elements without markup in strings: nothing that a model or a file says can become markup.
export const byID = (id) => document.getElementById(id);

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

export const element = (tag, properties, ...children) =>
  fill(document.createElement(tag), properties, children);

export const shape = (tag, properties, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

/** A number with four significant digits. */
export function short(value) {
  if (value === null || !Number.isFinite(value)) return "none";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("-", "−");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** Says something in a live region; problems in another colour. */
export function say(node, text, isProblem = false) {
  node.textContent = text;
  node.classList.toggle("problem", isProblem);
}
