import { describe, expect, test } from "vitest";
import { bar, formatCount, formatValue, ProgressBar } from "../../src/train/callbacks/progress-bar.ts";
import { ConfusionMatrix } from "../../src/train/confusion.ts";
import { History } from "../../src/train/history.ts";
import { htmlReport } from "../../src/train/html-report.ts";
import { overfittingReport } from "../../src/train/overfitting.ts";
import { lineChart, ticks } from "../../src/train/svg.ts";
import { textPlot } from "../../src/train/text-plot.ts";
import { ScriptedRun } from "./scripted-run.ts";

function historyOf(loss: number[], validation?: number[]): History {
  const history = new History();
  loss.forEach((value, epoch) => {
    history.add(epoch, validation ? { loss: value, val_loss: validation[epoch]! } : { loss: value });
  });
  return history;
}

describe("History", () => {
  test("fills names that some epochs lack with NaN and survives JSON", () => {
    const history = new History();
    history.add(0, { loss: 1 });
    history.add(1, { loss: 2, f1: 0.5 });
    history.add(2, { f1: 0.7 });
    expect(history.history).toEqual({ loss: [1, 2, Number.NaN], f1: [Number.NaN, 0.5, 0.7] });
    expect(History.fromJSON(JSON.parse(JSON.stringify(history)))).toEqual(history);
    expect(history.at(-1)).toEqual({ loss: Number.NaN, f1: 0.7 });
  });
  test("finds the best epoch by the name's direction", () => {
    const history = historyOf([3, 1, 2]);
    expect([history.best("loss"), history.best("loss", "max"), history.best("none")]).toEqual([1, 0, -1]);
  });
});

describe("overfittingReport", () => {
  test.each<[string, number[], number[] | undefined]>([
    ["overfitting", [4, 3, 2, 1, 0.5], [4, 3, 3.1, 3.5, 4]],
    ["good", [4, 2, 1.5, 1.4, 1.39], [4, 2, 1.6, 1.55, 1.54]],
    ["underfitting", [8, 7, 6, 5, 4], [8, 7, 6, 5, 4]],
    ["no validation", [3, 2, 1], undefined],
    ["too short", [3, 2], [3, 2]],
    ["diverged", [3, Number.NaN], [3, 3]],
    ["diverged", [], []],
  ])("says %s", (verdict, loss, validation) => {
    expect(overfittingReport(historyOf(loss, validation)).verdict).toBe(verdict);
  });
  test("names epoch, gap and rise", () => {
    const report = overfittingReport(historyOf([4, 3, 2, 1], [4, 2, 3, 3]));
    expect(report).toMatchObject({ bestEpoch: 1, epochsSinceBest: 2, gap: 2, rise: 0.5 });
    expect(report.text).toMatch(/since epoch 2: .* rose by 50 %/);
  });
});

describe("charts", () => {
  test("ticks are round, inside and four to eight", () => {
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(-3, 97)).toEqual([0, 20, 40, 60, 80]);
    for (const [low, high] of [
      [1e-9, 3e-9],
      [5, 5.0001],
      [-1e6, 1],
    ] as const) {
      const marks = ticks(low, high);
      expect(marks.length).toBeGreaterThanOrEqual(3);
      expect(marks.length).toBeLessThanOrEqual(8);
      for (const mark of marks) expect(mark >= low - 1e-12 && mark <= high + 1e-12 * Math.abs(high)).toBe(true);
    }
    expect(ticks(2, 2)).toEqual([2]);
  });
  test("an SVG chart escapes its texts and breaks the line at NaN", () => {
    const svg = lineChart([{ label: "<a>", values: [1, Number.NaN, 2, 3], color: "red" }], { title: 'x & "y"' });
    expect(svg).toContain("&#60;a&#62;");
    expect(svg).toContain("x &#38; &#34;y&#34;");
    expect(/<path d="([^"]*)"/.exec(svg)?.[1]?.match(/M/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
  test.each([[[]], [[Number.NaN]], [[5]], [[2, 2]]])("survives %o", (values) => {
    expect(lineChart([{ label: "a", values, color: "red" }], { title: "t" })).not.toMatch(/NaN|Infinity|undefined/);
    expect(textPlot([{ label: "a", values }])).not.toMatch(/NaN|undefined/);
  });
  test("a text plot begins at the upper left and ends at the lower right for a falling line", () => {
    const lines = textPlot([{ label: "loss", values: [1, 0] }], { width: 4, height: 2 }).split("\n");
    expect(lines).toEqual(["1.0000 ┤⠑⢄⠀⠀", "0.0000 ┤⠀⠀⠑⢄", "       └────", "        epoch 12"]);
  });
});

describe("htmlReport", () => {
  const history = historyOf([3, 2, 1], [3, 2.5, 2]);
  test("is one self-contained document with a chart, the verdict, the matrix and the epochs", () => {
    const html = htmlReport(history, {
      title: "<MNIST>",
      settings: { optimizer: "Adam", epochs: 3 },
      confusion: ConfusionMatrix.from([0, 1, 1], [0, 1, 0], 2),
      classNames: ["cat & dog", "emu"],
    });
    expect(html.startsWith("<!doctype html>")).toBe(true);
    expect(html.match(/<svg/g)).toHaveLength(1);
    expect(html).toContain("&#60;MNIST&#62;");
    expect(html).toContain("cat &#38; dog");
    expect(html).toContain('<tr class="best"><td>3</td>');
    expect(html).not.toMatch(/<script|(src|href)=/);
    expect(html.match(/https?:\/\/[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
  });
});

describe("ProgressBar", () => {
  const draw = async (tty: boolean, columns = 200) => {
    let text = "";
    const callback = new ProgressBar({
      isTTY: tty,
      columns,
      write: (part) => {
        text += part;
      },
    });
    const run = new ScriptedRun(10);
    callback.onProgress(
      { epoch: 0, samples: 500, totalSamples: 1000, steps: 5, seconds: 0.5 },
      { loss: 0.25, accuracy: 0.5 },
      run,
    );
    callback.onProgress(
      { epoch: 0, samples: 1000, totalSamples: 1000, steps: 10, seconds: 1 },
      { loss: 0.2, accuracy: 0.6 },
      run,
    );
    callback.onEpochEnd(0, { loss: 0.2, accuracy: 0.6, val_loss: 0.3 }, run);
    return text;
  };
  test("redraws one line on a terminal", async () => {
    const text = await draw(true);
    const [half, full, end] = text.split("\r\x1b[2K").slice(1);
    expect(half).toBe("Epoch  1/10 ▕██████████          ▏ 50%  loss 0.2500  accuracy 0.5000  1,000 samples/s  0:01 left");
    expect(full).toBe("Epoch  1/10 ▕████████████████████▏100%  loss 0.2000  accuracy 0.6000  1,000 samples/s");
    expect(end).toBe("Epoch  1/10  loss 0.2000  accuracy 0.6000  val_loss 0.3000  1,000 samples/s  1.0 s\n");
  });
  test("writes plain lines without control characters elsewhere", async () => {
    expect(await draw(false)).toBe("Epoch  1/10  loss 0.2000  accuracy 0.6000  val_loss 0.3000  1,000 samples/s  1.0 s\n");
  });
  test("never lets a live line wrap", async () => {
    const live = (await draw(true, 40)).split("\r\x1b[2K").slice(1, 3);
    for (const line of live) expect(line.length).toBeLessThan(40);
  });
  test("formats values and bars", () => {
    expect([0, 0.5, 12.34567, 1e-5, 123456, Number.NaN].map(formatValue)).toEqual([
      "0.0000",
      "0.5000",
      "12.3457",
      "1.000e-5",
      "1.235e+5",
      "NaN",
    ]);
    expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(0.4, 4), bar(2, 2)]).toEqual(["    ", "██  ", "████", "█▋  ", "██"]);
  });
});
