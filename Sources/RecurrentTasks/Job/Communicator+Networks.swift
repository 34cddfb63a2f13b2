import Foundation
import Recurrent
import RecurrentFiles

/// A network as training leaves it.
struct TrainedNetwork<Model: Module> {
  let model: Model
  let history: TrainingHistory
}

extension Communicator {
  /// What `body` makes of each number, shared by the ranks: the first takes the first of them, the
  /// second the next, and so on in turns; each gets all.
  ///
  /// - Throws: what `body` throws here; ``TrainingPause`` at all ranks if it does at any.
  func shared<Value: Codable>(
    _ numbers: [Int], _ body: (Int) throws -> Value
  ) throws -> [Value] {
    var own: [SharedResult<Value>] = []
    for (place, number) in numbers.enumerated() where place % size == rank {
      do {
        own.append(.value(try body(number)))
      } catch let pause as TrainingPause {
        own.append(.pause(pause))
        break
      }
    }
    let bytes = Array(try JSONEncoder().encode(own))
    let all = try gathered(bytes).map {
      try JSONDecoder().decode([SharedResult<Value>].self, from: Data($0))
    }
    for case .pause(let pause) in all.joined() { throw pause }
    return numbers.indices.compactMap {
      if case .value(let value) = all[$0 % size][$0 / size] { value } else { nil }
    }
  }

  /// The same, of networks of one shape.
  func shared<Model: Module>(
    _ numbers: [Int], like outline: Model, _ body: (Int) throws -> TrainedNetwork<Model>
  ) throws -> [TrainedNetwork<Model>] {
    let records = try shared(numbers) { number in
      let network = try body(number)
      return NetworkRecord(
        history: network.history,
        weights: Data(SafetensorsFile.encode(network.model.storedTensors)))
    }
    return try zip(numbers, records).map { number, record in
      var model = outline
      let file = try SafetensorsFile(bytes: Array(record.weights), source: "network \(number)")
      try model.load(from: file)
      return TrainedNetwork(model: model, history: record.history)
    }
  }
}

/// A network as ranks send it.
private struct NetworkRecord: Codable {
  let history: TrainingHistory
  /// As a safetensors file.
  let weights: Data
}

/// What one rank made of a number.
private enum SharedResult<Value: Codable>: Codable {
  case value(Value)
  case pause(TrainingPause)
}
