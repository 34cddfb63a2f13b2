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

  /// What is read at once is what is read one by one, and values beyond it are there as ever.
  @Test func valuesNearby() throws {
    let values = (0..<40).map { Double($0 * $0) / 3 }
    for store in [ValueStore(mostKept: 0), ValueStore()] {
      let kept = try store.keep(values)
      for range in [5..<9, -3..<2, 38..<50, 0..<40, 60..<70, 7..<7] {
        let near = kept.near(range)
        #expect(near.isOnDisk == (store.fileSize > 0) && near.count == 40 && near == kept)
        #expect(values.indices.allSatisfy { near[$0] == values[$0] }, "\(range)")
        for part in [6..<8, 5..<9, 4..<10, 0..<40, 39..<40] {
          #expect(near.values(part) == Array(values[part]), "\(part) of \(range)")
          #expect(near.part(part).array == Array(values[part]), "\(part) of \(range)")
        }
      }
    }
  }
}
