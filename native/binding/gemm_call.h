// Reads one product from JavaScript: arrays as arguments, scalars from the control block that both sides share (reading
// a number from a Float64Array costs nothing, passing one costs a Node-API call). Refuses what could corrupt memory; asking an
// array takes 30 ns, though, so that one whose address was told once may be given by that.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "binding/gemm_packed.h"
#include "gemm/gemm.h"

namespace downhill::binding {

// Slots of the control block; the same list is in src/backend/native/gemm.ts, and a test compares them.
// kAtA and those behind it are addresses, which a double holds exactly, or 0 where an argument says it.
enum Slot : size_t {
  kM, kN, kK, kLda, kLdb, kLdc, kLdr, kFlags, kAlpha, kBeta, kBatch, kStrideA, kStrideB, kStrideC, kStrideR,
  kAtA, kAtB, kAtC, kAtBias, kAtResidual, kSlots
};
enum Flag : unsigned { kDouble = 1, kTransA = 2, kTransB = 4, kPacked = 8, kBias = 16, kResidual = 32, kActivationShift = 6 };

constexpr size_t kArrays = 5;  // a, b, c, bias, residual

// All are below 2^53, and a signed conversion is one instruction. Compare the result, not the double: on Zen 5 two writes of
// MXCSR behind a comparison of doubles take 25 ns (8³ by addresses 92 ns, so 138).
inline size_t slot(const double* control, Slot index) { return static_cast<size_t>(static_cast<int64_t>(control[index])); }

// Whether rows x columns elements with rows `ld` apart lie within `length`.
inline bool fits(size_t rows, size_t columns, size_t ld, size_t length) {
  if (rows == 0 || columns == 0) return true;
  if (columns > length) return false;
  return rows == 1 || (ld >= columns && rows - 1 <= (length - columns) / ld);
}

template <class T>
bool array(napi_env env, napi_value value, const T** data, size_t* length) {
  napi_typedarray_type type;
  void* pointer = nullptr;
  if (napi_get_typedarray_info(env, value, &type, length, &pointer, nullptr, nullptr) != napi_ok) return false;
  *data = static_cast<const T*>(pointer);
  return type == (sizeof(T) == 4 ? napi_float32_array : napi_float64_array);
}

// The same, unless a slot says where the array lies: the JavaScript side has checked that it is long enough and has not lost its
// memory since it was told.
template <class T>
bool array(napi_env env, napi_value value, const double* control, Slot at, const T** data, size_t* length) {
  const size_t address = slot(control, at);
  if (address == 0) return array(env, value, data, length);
  *data = reinterpret_cast<const T*>(address);
  *length = SIZE_MAX;
  return true;
}

// Fills the call from the arguments and, where asked for, how many elements A, B, C and the residual have to spare. False where an
// array is of another kind or too short for its dimensions.
template <class T>
bool read_call(napi_env env, const napi_value* arguments, const double* control, GemmCall<T>* call,
               size_t* spare = nullptr) {
  const unsigned flags = static_cast<unsigned>(control[kFlags]);
  const size_t m = slot(control, kM), n = slot(control, kN), k = slot(control, kK);
  const bool trans_a = flags & kTransA, trans_b = flags & kTransB;
  const T *a, *b = nullptr, *c, *bias = nullptr, *residual = nullptr;
  size_t a_length, b_length = 0, c_length, r_length = 0, length;
  if (!array(env, arguments[0], control, kAtA, &a, &a_length) || !array(env, arguments[2], control, kAtC, &c, &c_length)) return false;
  const PackedB<T>* packed = nullptr;
  if (flags & kPacked) {
    const PackedHandle* handle = packed_handle(env, arguments[1]);
    packed = handle == nullptr || handle->operand == nullptr ? nullptr : packed_of(*handle->operand, T{});
    if (packed == nullptr || packed->n != n || packed->k != k || packed->trans_b != trans_b) return false;
  } else if (!array(env, arguments[1], control, kAtB, &b, &b_length)) {
    return false;
  }
  const size_t lda = slot(control, kLda), ldb = slot(control, kLdb), ldc = slot(control, kLdc), ldr = slot(control, kLdr);
  if (!fits(trans_a ? k : m, trans_a ? m : k, lda, a_length)) return false;
  if (packed == nullptr && !fits(trans_b ? n : k, trans_b ? k : n, ldb, b_length)) return false;
  if (!fits(m, n, ldc, c_length)) return false;
  if ((flags & kBias) && (!array(env, arguments[3], control, kAtBias, &bias, &length) || length < n)) return false;
  if ((flags & kResidual) &&
      (!array(env, arguments[4], control, kAtResidual, &residual, &r_length) || !fits(m, n, ldr, r_length))) {
    return false;
  }
  if (spare != nullptr) {
    // How far the first matrix may move within each array.
    const auto room = [](size_t rows, size_t columns, size_t ld, size_t length) {
      return rows == 0 || columns == 0 ? length : length - ((rows - 1) * ld + columns);
    };
    spare[0] = room(trans_a ? k : m, trans_a ? m : k, lda, a_length);
    spare[1] = packed != nullptr ? 0 : room(trans_b ? n : k, trans_b ? k : n, ldb, b_length);
    spare[2] = room(m, n, ldc, c_length);
    spare[3] = residual == nullptr ? 0 : room(m, n, ldr, r_length);
  }
  *call = {m,    n,       k,   a,    lda, trans_a, b, ldb, trans_b, const_cast<T*>(c), ldc, static_cast<T>(control[kAlpha]),
           static_cast<T>(control[kBeta]), bias, static_cast<Activation>(flags >> kActivationShift), residual, ldr, packed};
  return true;
}

// Says where the arrays of a call lie.
template <class T>
void write_places(const GemmCall<T>& call, double* control) {
  const void* const places[] = {call.a, call.b, call.c, call.bias, call.residual};
  for (size_t i = 0; i < 5; ++i) control[kAtA + i] = static_cast<double>(reinterpret_cast<uintptr_t>(places[i]));
}

// The call whose arrays lie where the control block says, without a packed operand.
template <class T>
GemmCall<T> placed_call(const double* control) {
  const unsigned flags = static_cast<unsigned>(control[kFlags]);
  const auto at = [control](Slot index) { return reinterpret_cast<T*>(slot(control, index)); };
  return {slot(control, kM), slot(control, kN), slot(control, kK), at(kAtA), slot(control, kLda), (flags & kTransA) != 0, at(kAtB),
          slot(control, kLdb), (flags & kTransB) != 0, at(kAtC), slot(control, kLdc), static_cast<T>(control[kAlpha]),
          static_cast<T>(control[kBeta]), at(kAtBias), static_cast<Activation>(flags >> kActivationShift),
          at(kAtResidual), slot(control, kLdr), nullptr};
}

}  // namespace downhill::binding
