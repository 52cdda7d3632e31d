// A training as one HTML file: curves as inline SVG, the overfitting verdict, the confusion matrix, settings, the epochs.
// Self-contained: no script, no network.

import { formatValue } from "./callbacks/progress-bar.ts";
import type { ConfusionMatrix } from "./confusion.ts";
import type { History } from "./history.ts";
import { overfittingReport } from "./overfitting.ts";
import { escapeXml, lineChart, type Series } from "./svg.ts";

export interface HtmlReportOptions {
  readonly title?: string;
  /** Name and value of what should be remembered: data, model, optimizer, machine. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly confusion?: ConfusionMatrix;
  readonly classNames?: readonly string[];
  /** Rates of the last epochs; drawn where they change. */
  readonly learningRates?: readonly number[];
}

const TRAIN = "#2563eb";
const VALIDATION = "#ea580c";

const STYLE = `:root{color-scheme:light dark;--fg:#1f2937;--mute:#6b7280;--line:#e5e7eb;--bg:#fff;--note:#f3f4f6}
@media(prefers-color-scheme:dark){:root{--fg:#e5e7eb;--mute:#9ca3af;--line:#374151;--bg:#111827;--note:#1f2937}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}.note{background:var(--note);border-radius:.5rem;padding:.75rem 1rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1rem}
svg text{font:11px system-ui,sans-serif;fill:var(--mute)}svg .title{font-size:14px;font-weight:600;fill:var(--fg)}
svg .grid{stroke:var(--line)}svg .axis{stroke:var(--mute)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--line)}th{color:var(--mute);font-weight:600}
th:first-child,td:first-child{text-align:left}tr.best td{font-weight:700}`;

function charts(history: History): string {
  const names = Object.keys(history.history).filter((name) => !name.startsWith("val_"));
  const x = history.epoch.map((epoch) => epoch + 1);
  return names
    .map((name) => {
      const series: Series[] = [{ label: "training", values: history.history[name]!, color: TRAIN }];
      const validation = history.history[`val_${name}`];
      if (validation) series.push({ label: "validation", values: validation, color: VALIDATION });
      return lineChart(series, { title: name.replaceAll("_", " "), x });
    })
    .join("\n");
}

function rateChart(history: History, rates: readonly number[]): string {
  if (new Set(rates).size < 2) return "";
  const missing = new Array<number>(Math.max(0, history.epoch.length - rates.length)).fill(Number.NaN);
  const x = history.epoch.map((epoch) => epoch + 1);
  return lineChart([{ label: "learning rate", values: [...missing, ...rates], color: TRAIN }], { title: "learning rate", x });
}

function row(cells: readonly (string | number)[], tag: "td" | "th" = "td", className = ""): string {
  const attribute = className ? ` class="${className}"` : "";
  return `<tr${attribute}>${cells.map((cell) => `<${tag}>${escapeXml(String(cell))}</${tag}>`).join("")}</tr>`;
}

function epochTable(history: History, best: number): string {
  const names = Object.keys(history.history);
  const rows = history.epoch.map((epoch, i) =>
    row([epoch + 1, ...names.map((name) => formatValue(history.history[name]![i]!))], "td", i === best ? "best" : ""),
  );
  return `<div class="scroll"><table>${row(["epoch", ...names], "th")}${rows.join("")}</table></div>`;
}

function confusionTable(matrix: ConfusionMatrix, names: readonly string[]): string {
  const head = `<tr><th>target \\ predicted</th>${names.map((name) => `<th>${escapeXml(name)}</th>`).join("")}</tr>`;
  const rows = names.map((name, target) => {
    const total = names.reduce((sum, _, j) => sum + matrix.count(target, j), 0) || 1;
    const cells = names.map((_, j) => {
      const count = matrix.count(target, j);
      const color = target === j ? "37,99,235" : "220,38,38";
      return `<td style="background:rgba(${color},${((0.65 * count) / total).toFixed(3)})">${count || "·"}</td>`;
    });
    return `<tr><td>${escapeXml(name)}</td>${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table>${head}${rows.join("")}</table></div>`;
}

/** The report as HTML text. */
export function htmlReport(history: History, options: HtmlReportOptions = {}): string {
  const { title = "Training report", settings = {}, confusion } = options;
  const verdict = overfittingReport(history);
  const names = options.classNames ?? Array.from({ length: confusion?.classes ?? 0 }, (_, k) => String(k));
  const rows = Object.entries(settings).map(([name, value]) => row([name, value]));
  const parts = [
    `<h1>${escapeXml(title)}</h1>`,
    `<p class="note">${escapeXml(verdict.text)}${history.stopReason ? ` Training stopped early: ${escapeXml(history.stopReason)}.` : ""}</p>`,
    `<div class="charts">${charts(history)}${rateChart(history, options.learningRates ?? [])}</div>`,
    confusion ? `<h2>Confusion matrix</h2>${confusionTable(confusion, names)}` : "",
    rows.length > 0 ? `<h2>Settings</h2><div class="scroll"><table>${rows.join("")}</table></div>` : "",
    `<h2>Epochs</h2>${epochTable(history, verdict.bestEpoch)}`,
  ];
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>\n${parts.filter(Boolean).join("\n")}\n</body></html>\n`
  );
}
