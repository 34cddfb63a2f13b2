import Foundation
import RecurrentKernels
import Testing

@Suite struct DispatchTests {
  @Test func namesAreDistinct() {
    let names = KernelPath.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(rk_path(-1) == nil)
    #expect(rk_path(rk_path_count()) == nil)
  }

  @Test func theBestPathIsUsedUnlessAnotherIsNamed() {
    let asked = ProcessInfo.processInfo.environment["RECURRENT_KERNELS"] ?? ""
    let current = String(cString: rk_kernels_current().pointee.name)
    let expected = KernelPath.named(asked) ?? KernelPath.all.first
    #expect(current == expected?.name)
    #expect(rk_kernels_choice_honoured() == (asked.isEmpty || current == asked))
  }

  /// What every x86-64 and arm64 machine has comes last, so there is always a path.
  @Test func theBaselineAlwaysRuns() {
    #expect(rk_path(rk_path_count() - 1) != nil)
  }
}
