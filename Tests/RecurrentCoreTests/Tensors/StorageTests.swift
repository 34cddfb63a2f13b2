import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct StorageTests {
  @Test func aTrainingStepAllocatesNothingNew() {
    let context = ExecutionContext(threads: 1)
    var generator = RandomGenerator(seed: 1)
    var model = Sequential {
      LSTM(inputSize: 3, hiddenSize: 24, using: &generator)
      GRU(inputSize: 24, hiddenSize: 24, using: &generator)
      LastOutput()
      Dense(inputSize: 24, outputSize: 1, using: &generator)
    }
    var optimizer = Adam()
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(8 * 12 * 3, seed: 2), shape: [8, 12, 3]),
      lengths: [12, 3, 0, 12, 7, 1, 12, 9])
    let targets = Tensor(SeededGenerator.floats(8, seed: 3), shape: [8, 1])
    let new = (0..<20).map { _ in
      let before = context.buffers.allocations
      context.run {
        let (_, gradients) = valueAndGradients(of: model) { meanSquaredError($0(input), targets) }
        optimizer.update(&model, along: gradients.clipped(toNorm: 0.01))
      }
      return context.buffers.allocations - before
    }
    #expect(new[0] > 0 && new[1...].allSatisfy { $0 == 0 }, "\(new)")
  }

  @Test func buffersAreUsedAgain() {
    let pool = BufferPool()
    func take(
      _ count: Int, lasts: Bool = false
    ) -> (UnsafeMutablePointer<Float>, BufferPool.Room) {
      pool.take(BufferPool.Room(for: count, lasts: lasts))
    }
    let (first, room) = take(100_000)
    #expect(room.capacity >= 100_000 && UInt(bitPattern: first) % 64 == 0)
    #expect(pool.allocations == 1)
    pool.give(first, room)
    let (second, _) = take(99_990)
    #expect(second == first && pool.allocations == 1)
    let (third, thirdRoom) = take(100_000)
    #expect(third != second && pool.allocations == 2)
    pool.give(second, room)
    pool.give(third, thirdRoom)
    let (lasting, lastingRoom) = take(100_000, lasts: true)
    #expect(![second, third].contains(lasting) && pool.allocations == 3)
    let pointers = [take(80_000), take(100_000)]
    #expect(Set(pointers.map(\.0)) == [second, third] && pool.allocations == 3)
    for (pointer, room) in pointers + [(lasting, lastingRoom)] { pool.give(pointer, room) }
    pool.release()
    let (last, lastRoom) = take(100_000)
    #expect(pool.allocations == 4)
    pool.give(last, lastRoom)
  }

  @Test func copiesAreIndependent() {
    let original = Tensor([1, 2, 3])
    var copy = original
    copy.withUnsafeMutableElements { $0[1] = 9 }
    #expect(original.elements == [1, 2, 3] && copy.elements == [1, 9, 3])
  }
}
