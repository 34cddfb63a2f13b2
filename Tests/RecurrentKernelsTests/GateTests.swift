import Foundation
import RecurrentKernels
import Testing

@Suite struct GateTests {
  /// y = 2·σ(z)·x and its way back, beside double precision, with the same bits on all paths but
  /// those of the function itself.
  @Test(arguments: KernelPath.all, [0, 1, 7, 8, 19, 100])
  func gates(_ path: KernelPath, count: Int) {
    var numbers = TestNumbers(seed: 5 + count)
    let (z, x, dy) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
    let (gate, input, output, gradient) = (
      FloatBuffer(z), FloatBuffer(x), FloatBuffer(count: count), FloatBuffer(dy)
    )
    path.table.gate(gate.pointer, input.pointer, output.pointer, Int64(count))
    let inPlace = FloatBuffer(x)
    let other = FloatBuffer(z)
    path.table.gate(other.pointer, inPlace.pointer, inPlace.pointer, Int64(count))
    #expect(inPlace.bits == output.bits && other.bits == gate.bits)
    path.table.gate_gradient(gate.pointer, input.pointer, gradient.pointer, Int64(count))
    for i in 0..<count {
      let sigmoid = 1 / (1 + exp(-Double(z[i])))
      #expect(abs(Double(output.values[i]) - 2 * sigmoid * Double(x[i])) < 1e-6)
      #expect(abs(Double(gradient.values[i]) - 2 * sigmoid * Double(dy[i])) < 1e-6)
      let slope = 2 * sigmoid * (1 - sigmoid) * Double(x[i]) * Double(dy[i])
      #expect(abs(Double(gate.values[i]) - slope) < 1e-6)
    }
    #expect([gate, input, output, gradient, inPlace].allSatisfy { $0.marginIsIntact })
  }
}
