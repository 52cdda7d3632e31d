// The libraries that are timed, loaded at run time so that none of them can shadow another.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shapes.h"

namespace peers {

template <class T>
using Multiply = std::function<void(const Shape&, const T* a, const T* b, T* c)>;

struct Side {
  std::string name, path;
  bool informational = false;  // shown, but no peer of the comparison: kernels prepared for one shape in advance
  Multiply<float> multiply32;   // empty where the library lacks it
  Multiply<double> multiply64;
  std::function<bool(const Shape&)> takes;  // empty: every shape
  std::function<void(int)> set_threads;
};

struct Sides {
  std::vector<Side> all;  // ours first
  std::string isa;        // of ours
  std::vector<std::string> missing;  // what was looked for and not found, with the reason
};

// Environment that libraries of some age need to recognise a newer processor; only where the user has not set it.
// Returns what was set. Call before load_sides.
std::vector<std::string> set_peer_environment();

// `ours` is libdownhill_blas.so; `extra` are paths of further CBLAS libraries. Throws std::runtime_error without ours.
Sides load_sides(const std::string& ours, const std::vector<std::string>& extra);

}  // namespace peers
