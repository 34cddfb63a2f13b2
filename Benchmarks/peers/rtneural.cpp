// RTNeural on the cases of Benchmarks/Sources/RecurrentBenchmarks/StreamCase.swift: prints "cell units milliseconds" a
// line, the median time of a sample. Compiled by Scripts/benchmark --streams, for sizes known beforehand, as its
// authors recommend.

#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

using Clock = std::chrono::steady_clock;

static double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

static std::vector<std::vector<float>> drawn(int rows, int columns, std::mt19937 &generator) {
  std::uniform_real_distribution<float> draw(-0.3f, 0.3f);
  std::vector<std::vector<float>> matrix(rows, std::vector<float>(columns));
  for (auto &row : matrix)
    for (auto &x : row) x = draw(generator);
  return matrix;
}

template <typename Model>
static void measure(const char *cell, int units, Model &model, double budget) {
  std::mt19937 generator(1);
  const auto samples = drawn(1, 4096, generator)[0];
  float sum = 0;
  std::vector<double> times;
  model.reset();
  const auto start = Clock::now();
  while (times.size() < 5 || seconds(Clock::now() - start) < budget) {
    const auto begin = Clock::now();
    for (const auto &x : samples) sum += model.forward(&x);
    times.push_back(seconds(Clock::now() - begin));
  }
  volatile float used = sum;
  (void)used;
  std::sort(times.begin(), times.end());
  std::printf("%s %d %.9f\n", cell, units, times[times.size() / 2] / samples.size() * 1e3);
}

template <int units>
static void both(double budget) {
  std::mt19937 generator(2);
  using LSTM = RTNeural::ModelT<
    float, 1, 1, RTNeural::LSTMLayerT<float, 1, units>, RTNeural::DenseT<float, units, 1>>;
  auto lstm = std::make_unique<LSTM>();
  auto &cell = lstm->template get<0>();
  cell.setWVals(drawn(1, 4 * units, generator));
  cell.setUVals(drawn(units, 4 * units, generator));
  auto bias = drawn(1, 4 * units, generator)[0];
  cell.setBVals(bias);
  measure("lstm", units, *lstm, budget);

  using GRU = RTNeural::ModelT<
    float, 1, 1, RTNeural::GRULayerT<float, 1, units>, RTNeural::DenseT<float, units, 1>>;
  auto gru = std::make_unique<GRU>();
  auto &gated = gru->template get<0>();
  gated.setWVals(drawn(1, 3 * units, generator));
  gated.setUVals(drawn(units, 3 * units, generator));
  gated.setBVals(drawn(2, 3 * units, generator));
  measure("gru", units, *gru, budget);
}

int main(int count, char **arguments) {
  const double budget = count > 1 ? std::atof(arguments[1]) : 0.5;
  both<8>(budget);
  both<16>(budget);
  both<20>(budget);
  both<40>(budget);
  both<64>(budget);
  both<128>(budget);
}
