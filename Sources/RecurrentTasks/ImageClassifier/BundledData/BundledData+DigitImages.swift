import Recurrent

extension BundledData {
  /// 1,797 handwritten digits of 8 × 8 pixels, 0 to 255 in 17 steps: the test part of "Optical
  /// Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998) that scikit-learn carries.
  public static var digits: ImageSet {
    var pixels: [Float] = []
    var labels: [String] = []
    for line in digitLines.utf8.split(separator: UInt8(ascii: "\n")) {
      labels.append(String(decoding: line.prefix(1), as: UTF8.self))
      pixels += line.dropFirst().map { Float($0 - UInt8(ascii: "a")) * 255 / 16 }
    }
    return ImageSet(
      source: "digits (bundled)", height: 8, width: 8, pixels: pixels, labels: labels)
  }
}
