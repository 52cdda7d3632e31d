// Programs: compiled once from number arrays, checked once, run by raw functions.
#include <cstring>
#include <memory>
#include <new>

#include "binding/engine.h"
#include "kernels/ops/kinds.h"

namespace downhill::binding {
namespace {

// An instruction in the code array: opcode, phase, operands, integers, reals, each at full width.
constexpr size_t kWords = 2 + kMaxOperands + kMaxInts + kMaxReals;
constexpr size_t kOperandWords = 4;

Napi::Value names(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object lists = Napi::Object::New(env);
  Napi::Array opcodes = Napi::Array::New(env), unary = Napi::Array::New(env), binary = Napi::Array::New(env);
  for (size_t i = 0; i < static_cast<size_t>(OpCode::count); ++i) {
    const OpShape& shape = kOpShapes[i];
    const std::string text = std::string(shape.name) + " " + std::to_string(shape.operands) + " " +
                             std::to_string(shape.ints) + " " + std::to_string(shape.reals);
    opcodes.Set(static_cast<uint32_t>(i), text);
  }
#define DOWNHILL_NAME(name) #name,
  const char* const unary_names[] = {DOWNHILL_UNARY_KINDS(DOWNHILL_NAME)};
  const char* const binary_names[] = {DOWNHILL_BINARY_KINDS(DOWNHILL_NAME)};
#undef DOWNHILL_NAME
  uint32_t index = 0;
  for (const char* name : unary_names) unary.Set(index++, name);
  index = 0;
  for (const char* name : binary_names) binary.Set(index++, name);
  lists.Set("opcodes", opcodes);
  lists.Set("unary", unary);
  lists.Set("binary", binary);
  return lists;
}

void finalize(napi_env, void* data, void*) {
  auto* handle = static_cast<ProgramHandle*>(data);
  handle->magic = 0;
  delete handle;
}

[[noreturn]] void refuse(Napi::Env env, const char* text) { throw Napi::RangeError::New(env, text); }

struct Numbers {
  const double* data;
  size_t length;
};

Numbers numbers(Napi::Env env, napi_value value) {
  const Span<double> span = float_span<double>(env, value);
  return {span.data, span.length};
}

int64_t integer(Napi::Env env, double value) {
  if (!(value >= -9007199254740991.0 && value <= 9007199254740991.0)) refuse(env, "binding: not an integer");
  return static_cast<int64_t>(value);
}

void read_operands(Napi::Env env, Program& program, Numbers words) {
  for (size_t i = 0; i + kOperandWords <= words.length; i += kOperandWords) {
    const int64_t space = integer(env, words.data[i]), kind = integer(env, words.data[i + 1]);
    const int64_t offset = integer(env, words.data[i + 2]), length = integer(env, words.data[i + 3]);
    if (space < 0 || space >= static_cast<int64_t>(kSpaces) || kind < 0 || kind > 2 || offset < 0 || length < 0) {
      refuse(env, "binding: bad operand");
    }
    program.operands.push_back({static_cast<Space>(space), static_cast<Kind>(kind), static_cast<uint64_t>(offset),
                                static_cast<uint64_t>(length)});
  }
}

void read_code(Napi::Env env, Program& program, Numbers words) {
  for (size_t i = 0; i + kWords <= words.length; i += kWords) {
    const double* word = words.data + i;
    Instruction in{};
    const int64_t op = integer(env, *word++);
    if (op < 0 || op >= static_cast<int64_t>(OpCode::count)) refuse(env, "binding: bad opcode");
    in.op = static_cast<OpCode>(op);
    in.phase = integer(env, *word++) != 0 ? 1 : 0;
    for (int& operand : in.operands) {
      const int64_t index = integer(env, *word++);
      if (index < -1 || index > 0x7fffffff) refuse(env, "binding: bad operand index");
      operand = static_cast<int>(index);
    }
    for (int64_t& value : in.ints) value = integer(env, *word++);
    for (double& value : in.reals) value = *word++;
    program.instructions.push_back(in);
  }
}

// Spaces 1, 2 and 3 (parameters, gradients, state) are the caller's owned arrays, the others are made here.
void make_spaces(Napi::Env env, Program& program, Numbers bytes, Napi::Array outside) {
  if (bytes.length < kSpaces) refuse(env, "binding: a size per space");
  for (size_t i = 0; i < kSpaces; ++i) {
    SpaceMemory& space = program.spaces[i];
    const bool given = i == 1 || i == 2 || i == 3;
    if (given) {
      const OwnedArray array = owned_array(env, outside.Get(static_cast<uint32_t>(i - 1)));
      space = {array.buffer, static_cast<unsigned char*>(array.data), array.bytes};
      continue;
    }
    const int64_t size = integer(env, bytes.data[i]);
    if (size < 0) refuse(env, "binding: bad size of a space");
    space.buffer = buffer_create(static_cast<size_t>(size));
    if (space.buffer == nullptr) throw std::bad_alloc();
    space.data = static_cast<unsigned char*>(buffer_data(space.buffer));
    space.bytes = static_cast<size_t>(size);
  }
}

// programCreate(f64, bytes per space, operands, code, [parameters, gradients, state]) → handle
Napi::Value create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto handle = std::make_unique<ProgramHandle>();
  handle->program = std::make_shared<Program>();
  Program& program = *handle->program;
  program.f64 = info[0].ToBoolean();
  make_spaces(env, program, numbers(env, info[1]), info[4].As<Napi::Array>());
  read_operands(env, program, numbers(env, info[2]));
  read_code(env, program, numbers(env, info[3]));
  if (const char* wrong = program_finish(program)) refuse(env, wrong);
  napi_value external;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) throw Napi::Error::New(env);
  handle.release();
  return Napi::Value(env, external);
}

// programSpace(handle, space) → ArrayBuffer over the space, alive on its own.
Napi::Value space(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ProgramHandle* handle = program_handle(env, info[0]);
  const uint32_t index = info[1].As<Napi::Number>().Uint32Value();
  if (handle == nullptr || index >= kSpaces || handle->program->spaces[index].buffer == nullptr) {
    refuse(env, "binding: no such space");
  }
  const SpaceMemory& memory = handle->program->spaces[index];
  buffer_retain(memory.buffer);
  napi_value result;
  if (external_array(env, memory.buffer, memory.data, memory.bytes, &result) != napi_ok) {
    refuse(env, "binding: this runtime forbids external memory");
  }
  return Napi::Value(env, result);
}

// programControl(handle, seedLow, seedHigh, step, firstRow)
void control(const Napi::CallbackInfo& info) {
  ProgramHandle* handle = program_handle(info.Env(), info[0]);
  if (handle == nullptr) refuse(info.Env(), "binding: not a program");
  RunControl& c = handle->program->control;
  c.seed_low = info[1].As<Napi::Number>().Uint32Value();
  c.seed_high = info[2].As<Napi::Number>().Uint32Value();
  c.step = info[3].As<Napi::Number>().Uint32Value();
  c.first_row = static_cast<uint64_t>(info[4].As<Napi::Number>().Int64Value());
}

// programRun(handle): the hot entry.
napi_value run(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument;
  if (napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  ProgramHandle* handle = argc == 1 ? program_handle(env, argument) : nullptr;
  if (handle == nullptr) {
    napi_throw_type_error(env, nullptr, "binding: not a program");
    return nullptr;
  }
  program_run(*handle->program, -1);
  return nullptr;
}

}  // namespace

OwnedArray owned_array(Napi::Env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset) != napi_ok) {
    throw Napi::TypeError::New(env, "binding: expected a typed array");
  }
  size_t size = 0;
  switch (type) {
    case napi_float32_array: case napi_int32_array: case napi_uint32_array: size = 4; break;
    case napi_float64_array: size = 8; break;
    default: throw Napi::TypeError::New(env, "binding: expected a float or int32 array");
  }
  if (length == 0) return {nullptr, nullptr, 0, 0, size};
  Buffer* owner = buffer_find(data, length * size);
  if (owner == nullptr) {
    Napi::Error error = Napi::Error::New(env, "compile: the memory is not the addon's own");
    error.Set("code", "ERR_BACKEND");
    throw error;
  }
  return {owner, data, length * size, length, size};
}

ProgramHandle* program_handle(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) return nullptr;
  auto* handle = static_cast<ProgramHandle*>(data);
  return handle->magic == kProgramMagic && handle->program ? handle : nullptr;
}

void register_program(Napi::Env env, Napi::Object exports) {
  define<"programNames", names>(env, exports);
  define<"programCreate", create>(env, exports);
  define<"programSpace", space>(env, exports);
  define<"programControl", control>(env, exports);
  define<"programRun", run>(env, exports);
}

}  // namespace downhill::binding
