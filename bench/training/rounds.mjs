// Median and quartiles of one side's samples, in the form that bench.record() takes.

export function summarize(side, seconds) {
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (q) => {
    const position = (sorted.length - 1) * q;
    const low = Math.floor(position);
    return sorted[low] + (sorted[Math.ceil(position)] - sorted[low]) * (position - low);
  };
  return { side, seconds: at(0.5), low: at(0.25), high: at(0.75), best: sorted[0], samples: sorted.length };
}
