/// The first of `0..<count` as `shuffle` orders them (Fisher and Yates). Where few are taken, memory goes to those
/// alone.
package func shuffledOrder(
  of count: Int, taking wanted: Int, using generator: inout some RandomNumberGenerator
) -> [Int] {
  guard wanted < count / 8 else {
    return Array((0..<count).shuffled(using: &generator).prefix(wanted))
  }
  // What stands at a place that was exchanged.
  var moved: [Int: Int] = [:]
  return (0..<wanted).map { place in
    let other = place + Int.random(in: 0..<count - place, using: &generator)
    let taken = moved[other] ?? other
    if other != place { moved[other] = moved[place] ?? place }
    moved[place] = nil
    return taken
  }
}
