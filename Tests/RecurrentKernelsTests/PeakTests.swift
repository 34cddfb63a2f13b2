import RecurrentKernels
import Testing

@Suite struct PeakTests {
  /// x = x/2 + start on every lane of every register: all reach 2·start, and none does at once.
  @Test(arguments: KernelPath.all)
  func roundsAreRun(path: KernelPath) {
    #expect(path.table.multiply_add_rounds(200, 3) == 6)
    #expect(path.table.multiply_add_rounds(200, -0.75) == -1.5)
    // The mean of 0, 1, 2, … before the first round; their number differs from path to path.
    let first = path.table.multiply_add_rounds(0, 3)
    #expect(first > 10 && (2 * first).rounded() == 2 * first)
    #expect(path.table.multiply_add_rounds(1, 3) != first)
  }
}
