// Every learning-rate schedule drawn in the terminal. A schedule is a function (step, base) => rate.
import * as downhill from "downhill";

const { rates, linePlot } = downhill;
const steps = 200;
const schedules = [
  downhill.stepDecay({ stepSize: 50, gamma: 0.5 }),
  downhill.exponential({ gamma: 0.98 }),
  downhill.polynomial({ steps, power: 2 }),
  downhill.cosine({ steps }),
  downhill.cosineWarmRestarts({ firstPeriod: 30, periodFactor: 2 }),
  downhill.oneCycle({ totalSteps: steps }),
  downhill.cyclic({ maxRate: 0.1, baseRate: 0.01, stepsUp: 25, mode: "triangular2" }),
  downhill.inverseSqrt({ warmupSteps: 20 }),
  downhill.warmup({ steps: 20, after: downhill.cosine({ steps: steps - 20 }) }),
  downhill.warmupStableDecay({ warmupSteps: 20, stableSteps: 130, decaySteps: 50 }),
  downhill.sequentialSchedule([downhill.linear({ steps: 40, startFactor: 0.1 }), downhill.exponential({ gamma: 0.97 })], [40]),
];
for (const schedule of schedules) {
  const values = [...rates(schedule, 0.1, 0, steps)];
  console.log(`\n${schedule.name}`);
  console.log(linePlot([{ label: schedule.name, values }], { width: 60, height: 6, first: "step 0", last: String(steps) }));
}
