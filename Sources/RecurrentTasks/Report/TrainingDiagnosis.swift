import Foundation
import Recurrent
import RecurrentFiles

/// What a few examples, the same each time, showed of a network during its training: after each epoch, or,
/// where epochs are small, after some of them.
///
/// ```swift
/// var diagnosis = TrainingDiagnosis()
/// let model = try plan.train(diagnosing: { diagnosis.epochs.append($0) })
/// print(diagnosis.report(Forecaster.Configuration.Options.diagnosisFlags))
/// ```
public struct TrainingDiagnosis: Sendable, Codable, Equatable {
  /// An epoch and the diagnosis behind it.
  public struct Epoch: Sendable, Codable, Equatable {
    /// The number of the epoch, from 1.
    public let epoch: Int
    /// The learning rate of its last step.
    public let learningRate: Double
    /// The diagnosis of the network behind the epoch.
    public let diagnosis: NetworkDiagnosis

    /// An epoch.
    public init(epoch: Int, learningRate: Double, diagnosis: NetworkDiagnosis) {
      (self.epoch, self.learningRate, self.diagnosis) = (epoch, learningRate, diagnosis)
    }
  }

  /// The epochs, in order; the first ones are missing where a training went on that was stopped.
  public var epochs: [Epoch] = []

  /// A diagnosis without epochs.
  public init() {}

  /// Nil; or, where the first epochs are missing, which.
  public var missing: String? {
    guard let first = epochs.first?.epoch, first > 1 else { return nil }
    return
      "Epochs 1 to \(first - 1) were trained before the training was stopped; the diagnosis has "
      + "none of them."
  }

  /// Nil; or, where epochs were passed over, which were looked at.
  private var passedOver: String? {
    guard let first = epochs.first?.epoch, let last = epochs.last?.epoch,
      last - first >= epochs.count
    else { return nil }
    let chosen = Self.chosen(epochs, 12).map { "\($0.epoch)" }
    return
      "The network was looked into after epochs \(chosen.joined(separator: ", ")): each look costs as "
      + "much as learning some hundred examples, and an epoch has few."
  }

  /// A table with a header: a row for each epoch, layer and step.
  public var csv: String {
    var text = "epoch,layer,step,gradient_norm,steps_back,state_memory,input_memory\n"
    for epoch in epochs {
      for layer in epoch.diagnosis.layers {
        for (step, gradient) in layer.gradient.enumerated() {
          let back = layer.steps - 1 - step
          func cell(_ numbers: [Double]) -> String {
            numbers.indices.contains(back) ? "\(numbers[back])" : ""
          }
          text += "\(epoch.epoch),\(layer.name),\(step + 1),\(gradient),\(back),"
          text += "\(cell(layer.stateMemory)),\(cell(layer.inputMemory))\n"
        }
      }
    }
    return text
  }

  /// |∂L/∂h_t| of each layer over steps and epochs, six powers of ten from white to blue; of many
  /// steps 24 a layer are shown, of many epochs 48.
  public var heatMap: HeatMap {
    let columns = Self.chosen(epochs, 48)
    var (rows, shares): ([String], [[Float]]) = ([], [])
    let all = columns.flatMap { $0.diagnosis.layers.flatMap(\.gradient) }
    let largest = all.max() ?? 0
    for (place, layer) in (columns.last?.diagnosis.layers ?? []).enumerated() {
      for step in Self.chosen(Array(0..<layer.steps), 24) {
        rows.append("\(layer.name), step \(step + 1)")
        shares.append(
          columns.map { column in
            let gradient = column.diagnosis.layers[place].gradient
            guard gradient.indices.contains(step), gradient[step] > 0, largest > 0 else { return 0 }
            return Float(max(0, 1 + log10(gradient[step] / largest) / 6))
          })
      }
    }
    return HeatMap(
      title: "|∂L/∂h_t| by epoch, from \(NumberFormat.significant(largest)) (blue) to a millionth "
        + "of it (white)",
      columns: columns.map { "\($0.epoch)" }, rows: rows, shares: shares)
  }

  /// At most so many, the first and the last among them.
  private static func chosen<Element>(_ all: [Element], _ most: Int) -> [Element] {
    guard all.count > most else { return all }
    return (0..<most).map { all[$0 * (all.count - 1) / (most - 1)] }
  }

  /// The files that stand beside a model: the numbers, as JSON and as a table, and the picture.
  public var files: [(name: String, bytes: [UInt8])] {
    get throws(DataError) {
      [
        (Self.names[0], try encodeJSON(self, file: Self.names[0])),
        (Self.names[1], Array(csv.utf8)), (Self.names[2], Array(heatMap.svg().utf8)),
      ]
    }
  }

  /// The names of the files that are written.
  public static let names = ["diagnosis.json", "diagnosis.csv", "diagnosis.svg"]

  /// The numbers of the last epoch as lines, and what they mean, with what can be done about it.
  ///
  /// - Parameter flags: those of the job that change what is found.
  public func report(_ flags: DiagnosisFlags) -> String {
    guard let last = epochs.last else { return "No epoch was diagnosed." }
    let ratios = epochs.compactMap { $0.diagnosis.medianUpdateRatio }.sorted()
    let reading = DiagnosisReading(
      last.diagnosis, updateRatio: ratios.isEmpty ? nil : ratios[ratios.count / 2],
      learningRate: epochs[0].learningRate, flags: flags)
    return ["Diagnosis after epoch \(last.epoch):", last.diagnosis.table]
      .appending(missing).appending(passedOver).appending("\n\(reading)").joined(separator: "\n")
  }
}

extension [String] {
  fileprivate func appending(_ line: String?) -> [String] { self + (line.map { [$0] } ?? []) }
}
