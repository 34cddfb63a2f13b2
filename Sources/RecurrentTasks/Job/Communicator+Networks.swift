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
    let all = try gathered(own)
    for case .pause(let pause) in all.joined() { throw pause }
    return numbers.indices.compactMap {
      if case .value(let value) = all[$0 % size][$0 / size] { value } else { nil }
    }
  }

  /// What `body` makes of a range, of which each rank takes a run; each gets all, in order.
  func shared<Value: Codable>(
    _ range: Range<Int>, _ body: (Range<Int>) -> [Value]
  ) throws(DataError) -> [Value] {
    let (from, to) = (rank * range.count / size, (rank + 1) * range.count / size)
    let own = range.lowerBound + from..<range.lowerBound + to
    return try gathered(own.isEmpty ? [] : body(own)).flatMap(\.self)
  }

  /// The values of each rank, by rank; floating-point numbers keep their bits, and may be none.
  private func gathered<Value: Codable>(_ own: [Value]) throws(DataError) -> [[Value]] {
    let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try gathered(Array(encoder.encode(own))).map {
        try decoder.decode([Value].self, from: Data($0))
      }
    } catch {
      throw DataError(file: "another rank", problem: "sent what cannot be read: \(error)")
    }
  }

  /// The networks of all ranks, of one shape, by place.
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
  /// The weights as a safetensors file.
  let weights: Data
}

/// The value that one rank made of a number, or why it could not.
private enum SharedResult<Value: Codable>: Codable {
  case value(Value)
  case pause(TrainingPause)
}
