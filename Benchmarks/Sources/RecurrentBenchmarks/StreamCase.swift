import Foundation
import Recurrent

/// One sample after the other through a small network: one number in, a recurrent layer, one number
/// out. `Benchmarks/peers/rtneural.cpp` times the same.
struct StreamCase {
  /// The sizes of such networks in audio.
  static let sizes = [8, 16, 20, 40, 64, 128]

  let cell: CellKind
  let units: Int

  private var network: some Layer<SequenceBatch, SequenceBatch> {
    var generator = RandomGenerator(seed: 0)
    return Sequential {
      cell.layer(inputSize: 1, hiddenSize: units, using: &generator)
      EachStep(Dense(inputSize: units, outputSize: 1, using: &generator))
    }
  }

  /// By ``ModelStream``, and by ``Session``, whose steps are arrays and tensors.
  func measured(budget: Double) throws -> [Measurement] {
    let (samples, stream) = ((0..<4096).map { Float(sin(Double($0))) }, ModelStream(network))
    var output = samples
    let laidOut = medianMilliseconds(budget: budget) {
      samples.withUnsafeBufferPointer { samples in
        output.withUnsafeMutableBufferPointer { stream.process(samples, into: $0) }
      }
    }
    var (session, problem) = (Session(network), DataError?.none)
    let byArrays = medianMilliseconds(budget: budget) {
      do throws(DataError) {
        for sample in samples { _ = try session.step([sample]) }
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    return [("stream", laidOut), ("session", byArrays)].map { mode, milliseconds in
      Measurement(
        mode: mode, cell: cell.rawValue, shape: "\(units)", threads: 1,
        milliseconds: milliseconds / Double(samples.count))
    }
  }
}
