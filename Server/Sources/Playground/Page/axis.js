// Where marks stand at an axis, and what they say.

/** Round numbers in a range, at least two where there is room. */
export function ticks(low, high, count) {
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const steps = [10, 5, 2, 1, 0.5].map((factor) => factor * power);
  const step = steps.find((step) => (high - low) / step >= count - 1) ?? power;
  const all = [];
  for (let tick = Math.ceil(low / step); tick * step <= high; tick++) all.push(Number((tick * step).toPrecision(12)));
  return all;
}

/** Powers of ten in a range of logarithms; in a narrow one, numbers between them too. */
export function powers(low, high) {
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
export function tickText(value) {
  const power = Math.log10(Math.abs(value));
  if (value !== 0 && (power < -3 || power >= 6)) {
    const [digits, exponent] = Number(value.toPrecision(8)).toExponential().split("e");
    return `${digits === "1" ? "" : `${digits}·`}10${superscript(exponent.replace("+", ""))}`;
  }
  return String(Number(value.toPrecision(8))).replace("-", "−");
}
