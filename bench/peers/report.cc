#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

namespace peers {
namespace {

double seconds_of(const Figure& figure, bool use_best) { return use_best ? figure.best : figure.seconds; }

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

}  // namespace

double gflops(const Row& row, const Figure& figure, bool use_best) {
  return figure.ran ? row.shape.flops() / seconds_of(figure, use_best) * 1e-9 : 0;
}

size_t best_peer(const Row& row, const Sides& sides, bool use_best) {
  size_t best = 0;
  for (size_t i = 1; i < sides.all.size(); ++i) {
    if (sides.all[i].informational || !row.figures[i].ran) continue;
    if (best == 0 || seconds_of(row.figures[i], use_best) < seconds_of(row.figures[best], use_best)) best = i;
  }
  return best;
}

void print_header(const Report& report, const Sides& sides) {
  std::printf("%s\n", report.machine.c_str());
  for (const Side& side : sides.all) std::printf("  %-9s %s\n", side.name.c_str(), side.path.c_str());
  for (const std::string& text : sides.missing) std::printf("  not here: %s\n", text.c_str());
  std::printf("\nGFLOP/s, %s, %s of the rounds; * below 32768 multiply-adds: shown, not counted; (…) prepared for the shape\n\n",
              report.single ? "float32" : "float64", report.use_best ? "best" : "median");
  std::printf("%-24s %2s %9s %6s %8s ", "MxNxK", "th", "downhill", "peak", "ratio");
  for (size_t i = 1; i < sides.all.size(); ++i) std::printf(" %10s", sides.all[i].name.c_str());
  std::printf("\n");
}

void print_row(const Report& report, const Row& row, const Sides& sides) {
  const double ours = gflops(row, row.figures[0], report.use_best);
  const size_t peer = best_peer(row, sides, report.use_best);
  char share[16] = "", ratio[16] = "";
  if (row.peak > 0) std::snprintf(share, sizeof share, "%.0f %%", 100 * ours / row.peak);
  if (peer != 0) std::snprintf(ratio, sizeof ratio, "%.2f%s", ours / gflops(row, row.figures[peer], report.use_best), row.shape.counts() ? " " : "*");
  std::printf("%-24s %2d %9.1f %6s %8s ", row.shape.name().c_str(), row.threads, ours, share, ratio);
  for (size_t i = 1; i < sides.all.size(); ++i) {
    char text[24] = "-";
    if (row.figures[i].ran) {
      std::snprintf(text, sizeof text, sides.all[i].informational ? "(%.1f)" : "%.1f", gflops(row, row.figures[i], report.use_best));
    } else if (!row.figures[i].error.empty()) {
      std::snprintf(text, sizeof text, "wrong");
    }
    std::printf(" %10s", text);
  }
  std::printf("\n");
  for (size_t i = 0; i < sides.all.size(); ++i) {
    if (!row.figures[i].error.empty()) std::printf("    %s: %s\n", sides.all[i].name.c_str(), row.figures[i].error.c_str());
  }
  std::fflush(stdout);
}

void print_summary(const Report& report, const Sides& sides) {
  struct Sum {
    double logs = 0, peak = 0;
    size_t count = 0;
    std::vector<std::pair<double, std::string>> below;  // 0.95
  };
  std::map<int, Sum> sums;
  for (const Row& row : report.rows) {
    Sum& sum = sums[row.threads];
    sum.peak = std::max(sum.peak, row.peak);
    const size_t peer = best_peer(row, sides, report.use_best);
    if (peer == 0 || !row.shape.counts() || !row.figures[0].ran) continue;
    const double ratio = gflops(row, row.figures[0], report.use_best) / gflops(row, row.figures[peer], report.use_best);
    sum.logs += std::log(ratio);
    ++sum.count;
    if (ratio < 0.95) sum.below.emplace_back(ratio, row.shape.name());
  }
  std::printf("\n");
  for (auto& [threads, sum] : sums) {
    std::printf("%d thread%s: peak %.0f GFLOP/s", threads, threads > 1 ? "s" : "", sum.peak);
    if (sum.count > 0) {
      std::printf("; ratio to the best peer over %zu shapes: geometric mean %.3f, %zu below 0.95", sum.count,
                  std::exp(sum.logs / static_cast<double>(sum.count)), sum.below.size());
    }
    std::printf("\n");
    std::sort(sum.below.begin(), sum.below.end());
    for (const auto& [ratio, name] : sum.below) std::printf("  %.2f  %s\n", ratio, name.c_str());
  }
}

void write_json(const std::string& path, const Report& report, const Sides& sides) {
  std::FILE* file = path == "-" ? stderr : std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "peers: cannot write %s\n", path.c_str());
    return;
  }
  std::fprintf(file, "{\n  \"machine\": %s,\n  \"dtype\": \"%s\",\n  \"rows\": [", quoted(report.machine).c_str(),
               report.single ? "float32" : "float64");
  for (size_t r = 0; r < report.rows.size(); ++r) {
    const Row& row = report.rows[r];
    std::fprintf(file, "%s\n    { \"shape\": %s, \"threads\": %d, \"peak\": %.1f, \"counts\": %s, \"sides\": [", r ? "," : "",
                 quoted(row.shape.name()).c_str(), row.threads, row.peak, row.shape.counts() ? "true" : "false");
    bool first = true;
    for (size_t i = 0; i < sides.all.size(); ++i) {
      const Figure& f = row.figures[i];
      if (!f.ran && f.error.empty()) continue;
      std::fprintf(file, "%s\n      { \"side\": %s, ", first ? "" : ",", quoted(sides.all[i].name).c_str());
      first = false;
      if (!f.ran) {
        std::fprintf(file, "\"error\": %s }", quoted(f.error).c_str());
        continue;
      }
      std::fprintf(file, "\"informational\": %s, \"gflops\": %.2f, \"seconds\": %.4g, \"best\": %.4g, \"low\": %.4g, \"high\": %.4g }",
                   sides.all[i].informational ? "true" : "false", gflops(row, f, false), f.seconds, f.best, f.low, f.high);
    }
    std::fprintf(file, " ] }");
  }
  std::fprintf(file, "\n  ]\n}\n");
  if (path != "-") std::fclose(file);
}

}  // namespace peers
