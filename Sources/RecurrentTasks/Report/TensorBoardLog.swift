import Foundation
import Recurrent
import RecurrentFiles

/// A training as TensorBoard shows it: scalars and histograms of weights for each epoch, and the
/// options as text, in an event file that grows while training goes on.
///
/// ```swift
/// let log = try TensorBoardLog(in: "runs/first", options: "…")
/// let model = try plan.train(callbacks: [log.callback { print($0) }])
/// ```
///
/// The file is a TFRecord file of `Event` messages (tensorflow/core/util/event.proto). Of several
/// networks, each has a folder of its own below.
public struct TensorBoardLog: Sendable {
  private let folder: String
  private let file: String
  private let options: String

  /// A log in a folder, which is made if it is not there; beside files that are in it.
  ///
  /// - Parameters:
  ///   - folder: the one that TensorBoard is given, or one below.
  ///   - options: what is shown as text, in Markdown.
  /// - Throws: ``DataError`` if nothing can be written there.
  public init(in folder: String, options: String) throws(DataError) {
    self.folder = folder
    self.options = options
    let now = Int(Date().timeIntervalSince1970)
    file = "events.out.tfevents.\(now).recurrent.\(ProcessInfo.processInfo.processIdentifier)"
    try begin(folder)
    try add(
      event(step: 0) { $0.put(1, Self.text("options", options)) }, to: folder)
  }

  /// Writes each epoch; what cannot be written is told once, and training goes on.
  public func callback(failed: @escaping (DataError) -> Void) -> TrainingCallback {
    var (hasFailed, begun) = (false, Set<Int>())
    return { event, run in
      guard case .epoch(let record, _) = event, !hasFailed else { return .proceed }
      do throws(DataError) {
        let path = run.member > 1 ? folder + "/network-\(run.member)" : folder
        if run.member > 1, begun.insert(run.member).inserted { try begin(path) }
        try add(self.event(record, run), to: path)
      } catch {
        hasFailed = true
        failed(error)
      }
      return .proceed
    }
  }

  private func begin(_ path: String) throws(DataError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw DataError(
        .unwritable, file: path, problem: "cannot be made: \(error.localizedDescription)",
        advice: "Choose another folder")
    }
    var first = Self.header(step: 0)
    first.put(3, "brain.Event:2")
    try add(first, to: path)
  }

  private func add(_ event: ProtobufWriter, to path: String) throws(DataError) {
    try append(TFRecord.bytes(of: event.bytes), toFile: path + "/" + file)
  }

  // MARK: Messages

  private static func header(step: Int) -> ProtobufWriter {
    var event = ProtobufWriter()
    event.put(1, Date().timeIntervalSince1970)
    event.put(2, Int64(step))
    return event
  }

  private func event(step: Int, _ values: (inout ProtobufWriter) -> Void) -> ProtobufWriter {
    var summary = ProtobufWriter()
    values(&summary)
    var event = Self.header(step: step)
    event.put(5, summary)
    return event
  }

  private func event(_ record: EpochRecord, _ run: any TrainingState) -> ProtobufWriter {
    var scalars: [(String, Double?)] = [
      ("loss/training", record.loss), ("loss/validation", record.validationLoss),
      ("learning_rate", record.learningRate), ("gradient_norm", record.gradientNorm),
      ("seconds", record.seconds),
    ]
    scalars += ([record.score].compactMap(\.self) + (record.metrics ?? [])).map {
      ("score/\($0.name)", $0.value)
    }
    return event(step: record.epoch) { summary in
      for case (let name, let value?) in scalars {
        var entry = ProtobufWriter()
        entry.put(1, name)
        entry.put(2, Float(value))
        summary.put(1, entry)
      }
      for (name, tensor) in run.model.parameters {
        var entry = ProtobufWriter()
        entry.put(1, "weights/\(name)")
        entry.put(5, Self.histogram(tensor.elements))
        summary.put(1, entry)
      }
    }
  }

  /// Thirty buckets of the same width from the least to the largest.
  static func histogram(_ elements: [Float]) -> ProtobufWriter {
    let values = elements.lazy.map(Double.init)
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let count = high > low ? 30 : 1
    var buckets = [Double](repeating: 0, count: count)
    for value in values {
      let place = high > low ? Int(Double(count) * (value - low) / (high - low)) : 0
      buckets[min(count - 1, place)] += 1
    }
    var result = ProtobufWriter()
    result.put(1, low)
    result.put(2, high)
    result.put(3, Double(elements.count))
    result.put(4, values.reduce(0, +))
    result.put(5, values.reduce(0) { $0 + $1 * $1 })
    result.put(
      6, (1...count).map { $0 == count ? high : low + (high - low) * Double($0) / Double(count) })
    result.put(7, buckets)
    return result
  }

  private static func text(_ name: String, _ text: String) -> ProtobufWriter {
    var plugin = ProtobufWriter()
    plugin.put(1, "text")
    var metadata = ProtobufWriter()
    metadata.put(1, plugin)
    var size = ProtobufWriter()
    size.put(1, Int64(1))
    var shape = ProtobufWriter()
    shape.put(2, size)
    var tensor = ProtobufWriter()
    tensor.put(1, Int64(7))  // DT_STRING
    tensor.put(2, shape)
    tensor.put(8, text)
    var entry = ProtobufWriter()
    entry.put(1, name)
    entry.put(8, tensor)
    entry.put(9, metadata)
    return entry
  }
}

/// A record of TensorFlow's files: length, its checksum, the bytes, their checksum.
enum TFRecord {
  static func bytes(of message: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    length.append(littleEndian: UInt64(message.count), size: 8)
    var record = length
    record.append(littleEndian: UInt64(masked(crc32C(length))), size: 4)
    record += message
    record.append(littleEndian: UInt64(masked(crc32C(message))), size: 4)
    return record
  }

  /// Rotated and shifted, so that a checksum of bytes that hold checksums is none by accident.
  static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }

  /// CRC-32C (Castagnoli).
  static func crc32C(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
      table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8)
    }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in
      crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1
    }
  }
}
