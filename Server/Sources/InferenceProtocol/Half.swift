/// A floating-point number of 16 bits (IEEE 754 binary16), by its bits: some systems have no such
/// type.
struct Half {
  let bits: UInt16

  init(bits: UInt16) { self.bits = bits }

  /// The nearest; of two the even one.
  init(rounding value: Float) {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.magnitude
    if magnitude.isNaN {
      bits = sign | 0x7E00
    } else if magnitude >= 65520 {
      bits = sign | 0x7C00
    } else if magnitude < 0x1p-14 {
      // Steps of 2^-24; the scaled number is exact, and so rounded once.
      bits = sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    } else {
      let pattern = magnitude.bitPattern
      let rounded = pattern + 0xFFF + (pattern >> 13 & 1)
      bits = sign | UInt16(truncatingIfNeeded: (rounded - (112 << 23)) >> 13)
    }
  }
}

extension Float {
  init(_ half: Half) {
    let sign: Float = half.bits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(half.bits >> 10 & 31), Float(half.bits & 0x3FF))
    switch exponent {
    case 0: self = sign * fraction * 0x1p-24
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    default:
      let pattern = UInt32(half.bits & 0x8000) << 16 | UInt32(exponent + 112) << 23
      self = Float(bitPattern: pattern | UInt32(half.bits & 0x3FF) << 13)
    }
  }

  /// The nearest number of which the lower 16 bits are zeros.
  var bfloat16: Float {
    guard isFinite else { return self }
    let rounded = bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)
    return Float(bitPattern: rounded & 0xFFFF_0000)
  }
}
