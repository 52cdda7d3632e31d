// What the program and the loop binding share: handles and owned arrays.
#pragma once

#include <memory>

#include "binding/binding.h"
#include "engine/program.h"

namespace downhill::binding {

constexpr uint64_t kProgramMagic = 0x646f776e70726f67;

// What an external holds. Loops share the program, so that it outlives a pending run.
struct ProgramHandle {
  uint64_t magic = kProgramMagic;
  std::shared_ptr<Program> program;
};

// The handle in an external, or null.
ProgramHandle* program_handle(napi_env env, napi_value value);

struct OwnedArray {
  Buffer* buffer;  // retained for the caller; null for an empty array
  void* data;
  size_t bytes;
  size_t length;
  size_t element;
};

// A float or int32 array in the addon's own memory. Throws for anything else.
OwnedArray owned_array(Napi::Env env, napi_value value);

}  // namespace downhill::binding
