import Synchronization

/// Where many values are kept: the first in memory, those that are too many for it in a file without a name.
package final class ValueStore: Sendable {
  /// Bytes that are kept in memory: 64 MiB.
  package static let mostKept = 1 << 26

  private struct State {
    var kept = 0
    var written = 0
    var file: ScratchFile?
  }

  private let state = Mutex(State())
  package let mostKept: Int

  /// An empty one.
  package init(mostKept: Int = ValueStore.mostKept) { self.mostKept = mostKept }

  /// Bytes on the disk.
  package var fileSize: Int { state.withLock { $0.written } }

  /// Keeps values.
  ///
  /// - Throws: ``DataError`` if there is no room for them.
  package func keep<Value>(_ values: [Value]) throws(DataError) -> StoredValues<Value> {
    let size = values.count * MemoryLayout<Value>.stride
    var failure: DataError?
    let place = state.withLock { state -> (file: ScratchFile, start: Int)? in
      guard state.kept + size > mostKept, size > 0 else {
        state.kept += size
        return nil
      }
      do throws(DataError) {
        let file = if let file = state.file { file } else { try ScratchFile() }
        state.file = file
        let start = state.written
        try values.withUnsafeBufferPointer { values throws(DataError) in
          try file.write(UnsafeRawBufferPointer(values), at: start)
        }
        state.written += size
        return (file, start)
      } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    guard let place else { return StoredValues(values) }
    return StoredValues(count: values.count, in: place.file, at: place.start)
  }
}

/// Values in a row, in memory or on the disk, of which any part is read when it is asked for. Who reads all of
/// them one by one takes them as an array first.
package struct StoredValues<Value: BitwiseCopyable & Sendable>: Sendable {
  /// How many.
  package let count: Int
  private let held: [Value]
  private let file: ScratchFile?
  /// The byte of the file at which they begin.
  private let start: Int

  /// Values in memory.
  package init(_ values: [Value]) {
    (count, held, file, start) = (values.count, values, nil, 0)
  }

  fileprivate init(count: Int, in file: ScratchFile, at start: Int) {
    (self.count, held, self.file, self.start) = (count, [], file, start)
  }

  /// Whether there is none.
  package var isEmpty: Bool { count == 0 }
  /// The last; nil if there is none.
  package var last: Value? { isEmpty ? nil : self[count - 1] }
  /// All of them: those in memory as they are, others read.
  package var array: [Value] { file == nil ? held : read(0..<count) }

  /// One of them.
  package subscript(index: Int) -> Value { file == nil ? held[index] : read(index..<index + 1)[0] }

  /// Some of them.
  package func values(_ range: Range<Int>) -> [Value] {
    file == nil ? Array(held[range]) : read(range)
  }

  /// Those of a range, left where they are.
  package func part(_ range: Range<Int>) -> StoredValues {
    guard range != 0..<count else { return self }
    guard let file else { return StoredValues(Array(held[range])) }
    check(range)
    return StoredValues(
      count: range.count, in: file, at: start + range.lowerBound * MemoryLayout<Value>.stride)
  }

  private func check(_ range: Range<Int>) {
    require(
      range.lowerBound >= 0 && range.upperBound <= count,
      "values are read within 0..<\(count), got \(range)")
  }

  private func read(_ range: Range<Int>) -> [Value] {
    check(range)
    guard let file, !range.isEmpty else { return [] }
    let first = start + range.lowerBound * MemoryLayout<Value>.stride
    return [Value](unsafeUninitializedCapacity: range.count) { values, count in
      file.read(into: UnsafeMutableRawBufferPointer(values), at: first)
      count = range.count
    }
  }
}

extension StoredValues: Equatable where Value: Equatable {
  package static func == (one: StoredValues, other: StoredValues) -> Bool {
    one.count == other.count && one.array == other.array
  }
}
