// Line charts as SVG text: axes with round ticks, a legend, one path per series. No script, no fonts to load.

export interface Series {
  readonly label: string;
  readonly values: readonly number[];
  /** Any CSS colour. */
  readonly color: string;
}

export interface ChartOptions {
  readonly title: string;
  /** x of each value; default 1, 2, 3, … */
  readonly x?: readonly number[];
  readonly xLabel?: string;
  readonly width?: number;
  readonly height?: number;
}

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Four to eight round numbers that cover [low, high]. */
export function ticks(low: number, high: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / 5;
  // The power of ten below `raw`, from its decimal notation: exact, and the same on every runtime.
  const power = Number(`1e${raw.toExponential().split("e")[1]}`);
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const out: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(Number((k * step).toPrecision(12)));
  return out;
}

function path(values: readonly number[], x: (i: number) => number, y: (value: number) => number): string {
  let pen = "M";
  let out = "";
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return;
    }
    out += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return out;
}

/** A chart of all series over one x axis. Values that are not finite leave gaps. */
export function lineChart(series: readonly Series[], options: ChartOptions): string {
  const { title, width = 640, height = 320, xLabel = "epoch" } = options;
  const length = Math.max(0, ...series.map(({ values }) => values.length));
  const xs = options.x ?? Array.from({ length }, (_, i) => i + 1);
  const finite = series.flatMap(({ values }) => values.filter(Number.isFinite));
  const low = finite.length > 0 ? Math.min(...finite) : 0;
  const high = finite.length > 0 ? Math.max(...finite) : 1;
  const yTicks = ticks(low, high);
  const bottom = Math.min(low, yTicks[0]!);
  const top = Math.max(high, yTicks.at(-1)!);
  const left = 64;
  const right = width - 16;
  const upper = 40;
  const lower = height - 44;
  const first = xs[0] ?? 0;
  const last = xs.at(-1) ?? 1;
  const x = (value: number) => (last > first ? left + ((value - first) / (last - first)) * (right - left) : (left + right) / 2);
  const y = (value: number) =>
    top > bottom ? lower - ((value - bottom) / (top - bottom)) * (lower - upper) : (lower + upper) / 2;
  const xTicks = ticks(first, last).filter(Number.isInteger);
  const grid = yTicks.map(
    (tick) =>
      `<line class="grid" stroke="#e5e7eb" x1="${left}" x2="${right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text x="${left - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${Number(tick.toPrecision(6))}</text>`,
  );
  const feet = xTicks.map((tick) => `<text x="${x(tick).toFixed(1)}" y="${lower + 18}" text-anchor="middle">${tick}</text>`);
  const lines = series.map(({ values, color }) => {
    const points = path(values, (i) => x(xs[i] ?? i), y);
    const dots =
      values.filter(Number.isFinite).length > 40 ? [] : values.flatMap((value, i) => (Number.isFinite(value) ? [i] : []));
    const circles = dots.map(
      (i) => `<circle cx="${x(xs[i]!).toFixed(1)}" cy="${y(values[i]!).toFixed(1)}" r="2.5" fill="${escapeXml(color)}"/>`,
    );
    return `<path d="${points}" fill="none" stroke="${escapeXml(color)}" stroke-width="2" stroke-linejoin="round"/>${circles.join("")}`;
  });
  const legend = series.map(({ label, color }, i) => {
    const at = left + i * 130;
    return (
      `<rect x="${at}" y="${height - 16}" width="14" height="4" fill="${escapeXml(color)}"/>` +
      `<text x="${at + 20}" y="${height - 9}">${escapeXml(label)}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">` +
    // Attributes serve where the text stands alone; a page's style sheet wins over them.
    `<g font-family="system-ui, sans-serif" font-size="11" fill="#6b7280">` +
    `<text class="title" font-size="14" font-weight="600" fill="#1f2937" x="${left}" y="22">${escapeXml(title)}</text>${grid.join("")}` +
    `<line class="axis" stroke="#6b7280" x1="${left}" x2="${right}" y1="${lower}" y2="${lower}"/>${feet.join("")}` +
    `<text x="${right}" y="${height - 9}" text-anchor="end">${escapeXml(xLabel)}</text>${lines.join("")}${legend.join("")}</g></svg>`
  );
}
