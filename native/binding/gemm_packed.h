// Handles of packed operands: what an external of JavaScript holds. A prepared or asynchronous call shares the operand,
// so that it outlives a handle that was disposed.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>

#include "gemm/packed.h"
#include "memory/buffer.h"

namespace downhill::binding {

struct PackedOperand {
  bool wide = false;
  PackedB<float> single;
  PackedB<double> full;
  Buffer* memory = nullptr;

  PackedOperand() = default;
  PackedOperand(const PackedOperand&) = delete;
  PackedOperand& operator=(const PackedOperand&) = delete;
  ~PackedOperand() {
    if (memory != nullptr) buffer_release(memory);
  }
};

inline const PackedB<float>* packed_of(const PackedOperand& operand, float) { return operand.wide ? nullptr : &operand.single; }
inline const PackedB<double>* packed_of(const PackedOperand& operand, double) { return operand.wide ? &operand.full : nullptr; }

constexpr uint64_t kPackedMagic = 0x646f776e7061636b;

struct PackedHandle {
  uint64_t magic = kPackedMagic;
  std::shared_ptr<PackedOperand> operand;  // null once disposed
};

// The handle in an external, or null.
inline PackedHandle* packed_handle(napi_env env, napi_value value) {
  napi_valuetype type;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external) return nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) return nullptr;
  PackedHandle* handle = static_cast<PackedHandle*>(data);
  return handle->magic == kPackedMagic ? handle : nullptr;
}

// The operand in an external, for a call that outlives this one; null where there is none.
inline std::shared_ptr<PackedOperand> share_packed(napi_env env, napi_value value) {
  const PackedHandle* handle = packed_handle(env, value);
  return handle == nullptr ? nullptr : handle->operand;
}

}  // namespace downhill::binding
