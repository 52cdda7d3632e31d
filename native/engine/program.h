// A compiled program: instructions over planned buffers, for one batch size. Built once and checked once: every operand
// lies inside its space and is as long as its instruction reads or writes, so running never leaves the buffers.
// It is not thread-safe: one run at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/opcodes.h"
#include "memory/buffer.h"

namespace downhill {

// Where an operand lives. The program makes workspace, x, y, weights and stats itself; the others come from outside.
enum class Space : int { workspace, parameters, gradients, state, x, y, weights, stats, count };
constexpr size_t kSpaces = static_cast<size_t>(Space::count);

enum class Kind : int { element, int32, float64 };

struct Operand {
  Space space;
  Kind kind;
  uint64_t offset;  // in bytes
  uint64_t length;  // in elements
};

struct Instruction {
  OpCode op;
  int phase;                      // 0: any thread may run it; 1: after phase 0, in the order of the parts of a batch
  int operands[kMaxOperands];     // index into the operands, −1 where absent
  int64_t ints[kMaxInts];
  double reals[kMaxReals];
  void* pointers[kMaxOperands];   // resolved when the program is made
};

// What changes from run to run.
struct RunControl {
  uint32_t seed_low = 0, seed_high = 0;
  uint32_t step = 0;       // of dropout's draws
  uint64_t first_row = 0;  // of this part within its mini-batch
};

struct SpaceMemory {
  Buffer* buffer;  // retained; null where the space is empty
  unsigned char* data;
  size_t bytes;
};

struct Program {
  bool f64 = false;
  std::vector<Operand> operands;
  std::vector<Instruction> instructions;
  SpaceMemory spaces[kSpaces] = {};
  RunControl control;

  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();
};

// Resolves and checks everything; null on success, else what is wrong (a static text). May throw std::bad_alloc.
const char* program_finish(Program& program);

// Runs the instructions of one phase (−1: all), without those that `left_out` marks, where it is given.
void program_run(Program& program, int phase, const char* left_out = nullptr);

}  // namespace downhill
