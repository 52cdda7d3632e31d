#include "markdown.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace peers {
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string rounded(double value) { return std::to_string(static_cast<long>(std::lround(value))); }

// As people write it: 784×256×32 AᵀB.
std::string title(const Shape& s) {
  std::string text = std::to_string(s.m) + "×" + std::to_string(s.n) + "×" + std::to_string(s.k);
  if (s.trans_a || s.trans_b) text += std::string(" A") + (s.trans_a ? "ᵀ" : "") + "B" + (s.trans_b ? "ᵀ" : "");
  if (s.leading != 0) text += ", rows " + std::to_string(s.leading) + " apart";
  return text;
}

// A shape on a number of threads, over all runs.
struct Cell {
  double ours = 0, share = 0, peer = 0, ratio = 0, informational = 0;
  std::string peer_name;
};

Cell cell_of(const std::vector<Report>& runs, const Sides& sides, const Shape& shape, int threads) {
  std::vector<double> ours, share, peer, ratio, informational;
  std::vector<std::pair<double, std::string>> names;
  for (const Report& run : runs) {
    for (const Row& row : run.rows) {
      if (row.threads != threads || row.shape.name() != shape.name() || !row.figures[0].ran) continue;
      const double own = gflops(row, row.figures[0], run.use_best);
      ours.push_back(own);
      if (row.peak > 0) share.push_back(100 * own / row.peak);
      for (size_t i = 1; i < sides.all.size(); ++i) {
        if (sides.all[i].informational && row.figures[i].ran) informational.push_back(gflops(row, row.figures[i], run.use_best));
      }
      const size_t best = best_peer(row, sides, run.use_best);
      if (best == 0) continue;
      const double theirs = gflops(row, row.figures[best], run.use_best);
      peer.push_back(theirs);
      ratio.push_back(own / theirs);
      names.emplace_back(theirs, sides.all[best].name);
    }
  }
  Cell cell{median(ours), median(share), median(peer), median(ratio), median(informational), ""};
  std::sort(names.begin(), names.end());
  if (!names.empty()) cell.peer_name = names[names.size() / 2].second;
  return cell;
}

void print_cell(const Cell& cell, bool counts) {
  const std::string peer = cell.peer_name.empty() ? "" : rounded(cell.peer) + " " + cell.peer_name;
  char ratio[16] = "";
  if (!cell.peer_name.empty()) std::snprintf(ratio, sizeof ratio, "%.2f%s", cell.ratio, counts ? "" : " *");
  std::printf(" %s | %s | %s | %s |", rounded(cell.ours).c_str(), cell.share > 0 ? (rounded(cell.share) + " %").c_str() : "",
              peer.c_str(), ratio);
}

std::vector<int> threads_of(const std::vector<Report>& runs) {
  std::vector<int> threads;
  for (const Row& row : runs.front().rows) {
    if (std::find(threads.begin(), threads.end(), row.threads) == threads.end()) threads.push_back(row.threads);
  }
  return threads;
}

std::string plural(int threads) { return std::to_string(threads) + (threads > 1 ? " threads" : " thread"); }

}  // namespace

void print_markdown(const std::vector<Report>& runs, const Sides& sides) {
  const std::vector<int> threads = threads_of(runs);
  const bool informational =
      std::any_of(sides.all.begin(), sides.all.end(), [](const Side& side) { return side.informational; });
  std::string names = "| M×N×K |", rule = "|---|";
  for (size_t t = 0; t < threads.size(); ++t) {
    names += " " + plural(threads[t]) + " | peak | best peer | ratio |";
    rule += "---|---|---|---|";
    if (t == 0 && informational) {
      names += " libxsmm |";
      rule += "---|";
    }
  }
  std::printf("\n%s\n%s\n", names.c_str(), rule.c_str());
  std::vector<double> logs(threads.size(), 0);
  std::vector<std::string> below(threads.size());
  size_t counted = 0;
  for (const Row& row : runs.front().rows) {
    if (row.threads != threads.front()) continue;
    std::printf("| %s |", title(row.shape).c_str());
    counted += row.shape.counts();
    for (size_t t = 0; t < threads.size(); ++t) {
      const Cell cell = cell_of(runs, sides, row.shape, threads[t]);
      print_cell(cell, row.shape.counts());
      if (t == 0 && informational) {
        std::printf(" %s |", cell.informational > 0 ? rounded(cell.informational).c_str() : "");
      }
      if (!row.shape.counts() || cell.peer_name.empty()) continue;
      logs[t] += std::log(cell.ratio);
      if (cell.ratio < 0.95) {
        char text[96];
        std::snprintf(text, sizeof text, "%s%s %.2f", below[t].empty() ? "" : ", ", title(row.shape).c_str(), cell.ratio);
        below[t] += text;
      }
    }
    std::printf("\n");
  }
  std::printf("\n\\* fewer than 32,768 multiply-adds: shown, not counted.");
  for (size_t t = 0; t < threads.size() && counted > 0; ++t) {
    double peak = 0;
    for (const Report& run : runs) {
      for (const Row& row : run.rows) {
        if (row.threads == threads[t]) peak = std::max(peak, row.peak);
      }
    }
    std::printf(" On %s: peak %.0f GFLOP/s; geometric mean of the ratio over the %zu others %.2f; below 0.95: %s.",
                plural(threads[t]).c_str(), peak, counted, std::exp(logs[t] / static_cast<double>(counted)),
                below[t].empty() ? "none" : below[t].c_str());
  }
  std::printf("\n");
}

}  // namespace peers
