import Recurrent
import RecurrentFiles
import TestSupport
import Testing

/// Expected values: scipy 1.16, `stats.norm`, `stats.t`, `stats.nbinom`, `special`.
struct LikelihoodLossTests {
  private func loss(
    _ parameters: [Float], of target: Float, _ loss: (Tensor, Tensor) -> Tensor
  ) -> Double {
    let parameters = Tensor(parameters, shape: [1, parameters.count])
    return Double(loss(parameters, Tensor([target], shape: [1, 1])).elements[0])
  }

  @Test func lossesAreThoseOfTheDistributions() {
    #expect(abs(loss([0.3, -0.5], of: 1.1) { normalLoss($0, $1) } - 1.59248304963921) < 1e-6)
    #expect(
      abs(loss([0.3, 0.2, -1], of: 1.1) { studentTLoss($0, $1) } - 1.3962085465296765) < 1e-6)
    for (count, plain, inflated) in [
      (Float(7), 2.6075829340244474, 2.9786835999722285),
      (0, 3.1504722938589307, 1.080050336818678),
    ] {
      let ofPlain = loss([0.4, -0.7], of: count / 5) {
        negativeBinomialLoss($0, $1, scales: [5])
      }
      #expect(abs(ofPlain - plain) < 1e-6)
      let ofInflated = loss([0.4, -0.7, -0.8], of: count / 5) {
        negativeBinomialLoss($0, $1, scales: [5], zeroInflated: true)
      }
      #expect(abs(ofInflated - inflated) < 1e-6)
    }
  }

  @Test func gradientsAreThoseOfFiniteDifferences() throws {
    let targets = Tensor([0, 0.4, 1.6, 3], shape: [2, 2, 1])
    let losses: [(Int, @Sendable (Tensor, Tensor) -> Tensor)] = [
      (2, { normalLoss($0, $1) }), (3, { studentTLoss($0, $1) }),
      (2, { negativeBinomialLoss($0, $1, scales: [5, 10]) }),
      (3, { negativeBinomialLoss($0, $1, scales: [5, 10], zeroInflated: true) }),
    ]
    for (count, loss) in losses {
      var generator = RandomGenerator(seed: 3)
      let values = (0..<4 * count).map { _ in generator.uniform() * 2 - 1 }
      let parameters = Tensor(values, shape: [2, 2, count])
      let (_, gradients) = valueAndGradients(of: parameters) { loss($0, targets) }
      let gradient = try #require(gradients.tensors[0]).elements
      for place in values.indices {
        let ends = [Float(0.01), -0.01].map { step in
          var moved = values
          moved[place] += step
          return loss(Tensor(moved, shape: [2, 2, count]), targets).elements[0]
        }
        let wanted = (ends[0] - ends[1]) / 0.02
        #expect(abs(gradient[place] - wanted) < 1e-3 * max(1, abs(wanted)))
      }
    }
  }

  @Test func functionsAreThoseOfTheTables() {
    let scores: [(Double, Double)] = [
      (1e-12, -7.034483825301131), (0.005, -2.575829303548901), (0.1, -1.2815515655446004),
      (0.3, -0.5244005127080409), (0.5, 0), (0.9, 1.2815515655446004), (0.999, 3.090232306167813),
    ]
    for (share, score) in scores {
      #expect(abs(StandardNormal.quantile(share) - score) < 1e-12)
      #expect(abs(StandardNormal.share(below: score) - share) < 1e-13)
    }
    #expect(StandardNormal.quantile(0) == -.infinity && StandardNormal.quantile(1) == .infinity)
    for (x, value) in [
      (0.1, -10.423754940411076), (1, -0.5772156649015329), (2.5, 0.7031566406452432),
      (30, 3.384438132685525),
    ] { #expect(abs(digamma(x) - value) < 1e-12) }
    #expect(abs(incompleteBeta(0.4, 2.3, 0.7) - 0.07719500986056864) < 1e-13)
    #expect(abs(incompleteBeta(0.001, 0.5, 200) - 0.4727558929747644) < 1e-13)
  }
}
