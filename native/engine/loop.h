// Many training steps in one call: gathers rows of a resident data set by index, runs programs, averages the gradients of
// the parts of an update in their order, clips, and runs the optimizer's plan with one control row per update.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/fused.h"
#include "engine/gate.h"
#include "engine/pace.h"
#include "engine/program.h"
#include "gradients/gradients.h"
#include "optim/plan.h"

namespace downhill {

// Rows that one program takes at once: a mini-batch, or a shard of one.
struct LoopPart {
  int32_t program;
  int32_t begin;       // position in the order
  int32_t rows;
  int32_t mini_batch;  // index of its loss
  int32_t first_row;   // within the mini-batch
  int32_t group;       // neighbours of one group may run at the same time
  int32_t flags;
};
constexpr int32_t kFirstOfUpdate = 1, kLastOfUpdate = 2, kFirstOfMiniBatch = 4, kLastOfMiniBatch = 8;
constexpr int32_t kClipOnly = 16;  // the last of an update that the caller makes
constexpr size_t kPartInts = 7;

enum class Clip : int { none, value, norm, global_norm };

struct Column {  // of the data set: one array with a row per sample
  Buffer* buffer;
  const unsigned char* data;
  size_t row_bytes;
  size_t rows;
};

struct Loop {
  bool f64 = false;
  std::vector<Program*> programs;  // kept alive by the owner
  Column columns[3] = {};          // x, y, weights; data null where absent
  Buffer* gradient_buffer = nullptr;
  void* gradients = nullptr;       // of an update: what the plan reads
  size_t gradient_count = 0;
  GradientArrays tensors;             // of the arena
  std::vector<double> tensor_values;  // one for each, while gradients are clipped
  StepPlan* plan = nullptr;
  std::vector<FusedStep> fused;    // of each program, with the plan
  std::vector<Pace> paces;         // of the updates that begin with each program
  Clip clip = Clip::none;
  double clip_limit = 0;
  Gate gate;                       // each update runs inside
  std::atomic<bool> cancelled{false};
  std::atomic<bool> running{false};

  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();
};

struct LoopRun {
  const uint32_t* order;
  const LoopPart* parts;
  const double* weights;  // one per part: its share of the update's rows
  size_t part_count;
  const double* controls;
  size_t control_width;
  double* losses;   // Σ of row losses, then divided by the rows of the mini-batch
  double* correct;
  double* norms;    // of each update's gradients before clipping; null where nobody asks
  uint32_t seed_low, seed_high, first_step;
  bool stop_on_non_finite;
  size_t parts_done, updates_done;
  bool aborted;
  bool skipped;  // the last update: its gradients were not finite, and nothing changed
};

// After everything else is set: finds what can be fused. May throw std::bad_alloc.
void loop_finish(Loop& loop);

void loop_run(Loop& loop, LoopRun& run);

}  // namespace downhill
