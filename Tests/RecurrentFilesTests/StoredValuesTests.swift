import Testing

@testable import RecurrentFiles

@Suite struct StoredValuesTests {
  /// The first fit into the memory, the others lie on the disk; all are what they were, whole and in part.
  @Test func memoryAndDisk() throws {
    let store = ValueStore(mostKept: 100)
    let (few, many) = ([1.5, -2, 4.25], (0..<40).map { Double($0 * $0) / 3 })
    let kept = [try store.keep(few), try store.keep(many), try store.keep(few)]
    #expect(store.fileSize == 320)
    for (one, values) in zip(kept, [few, many, few]) {
      #expect(one.array == values && one.count == values.count && one.last == values.last)
      #expect(one.values(1..<3) == Array(values[1..<3]) && one[1] == values[1])
      let part = one.part(1..<values.count)
      #expect(part.array == Array(values[1...]) && part == StoredValues(Array(values[1...])))
      #expect(part.part(1..<2).array == [values[2]] && part.values(0..<0).isEmpty)
    }
    #expect(store.fileSize == 320)
    let numbers = try store.keep((0..<20).map { UInt32($0) })
    #expect(numbers[19] == 19 && store.fileSize == 400)
    #expect(try store.keep([Double]()).isEmpty)
  }
}
