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
  /// All of them, or of those on the disk some that were read.
  private let held: [Value]
  /// The place of the first that is held.
  private let firstHeld: Int
  private let file: ScratchFile?
  /// The byte of the file at which they begin.
  private let start: Int

  /// Values in memory.
  package init(_ values: [Value]) {
    (count, held, firstHeld, file, start) = (values.count, values, 0, nil, 0)
  }

  fileprivate init(
    count: Int, in file: ScratchFile, at start: Int, holding held: [Value] = [], from first: Int = 0
  ) {
    (self.count, self.held, firstHeld, self.file, self.start) = (count, held, first, file, start)
  }

  /// Whether there is none.
  package var isEmpty: Bool { count == 0 }
  /// The last; nil if there is none.
  package var last: Value? { isEmpty ? nil : self[count - 1] }
  /// All of them: those in memory as they are, others read.
  package var array: [Value] { file == nil ? held : read(0..<count) }

  /// Whether they lie on the disk.
  package var isOnDisk: Bool { file != nil }

  /// One of them.
  package subscript(index: Int) -> Value {
    let place = index - firstHeld
    guard file != nil, place < 0 || place >= held.count else { return held[place] }
    return read(index..<index + 1)[0]
  }

  /// Some of them.
  package func values(_ range: Range<Int>) -> [Value] {
    let (first, end) = (range.lowerBound - firstHeld, range.upperBound - firstHeld)
    guard file != nil, first < 0 || end > held.count else { return Array(held[first..<end]) }
    return read(range)
  }

  /// The same values, of which those of a range, as far as they are there, are read at once: for who asks for
  /// them one by one.
  package func near(_ range: Range<Int>) -> StoredValues {
    guard let file else { return self }
    let first = min(max(range.lowerBound, 0), count)
    let some = first..<max(first, min(range.upperBound, count))
    return StoredValues(count: count, in: file, at: start, holding: read(some), from: first)
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
