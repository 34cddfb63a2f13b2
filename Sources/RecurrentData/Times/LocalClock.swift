import Foundation
import RecurrentFiles

/// The clocks of a place, which may change between winter and summer.
struct LocalClock: Sendable, Equatable {
  private let zone: TimeZone

  /// The zone's name, as `Europe/Berlin`.
  var name: String { zone.identifier }

  /// `nil` when there is no such zone.
  init?(_ name: String) {
    // Names such as GMT+25 are made up as they are asked for.
    guard let zone = TimeZone(identifier: name), name.first.map(\.isLetter) ?? false else {
      return nil
    }
    self.zone = zone
  }

  /// The names that there are, for messages.
  static var names: [String] { TimeZone.knownTimeZoneIdentifiers }

  /// Seconds to add to UTC at the moment `seconds` after 1970.
  func offset(at seconds: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
  }

  /// The moments at which the clocks show `local`, ascending: one, two when an hour repeats, none
  /// when it is skipped.
  func moments(showing local: Int64) -> [Int64] {
    let before = local - offset(at: local - CivilDate.secondsPerDay)
    let after = local - offset(at: local + CivilDate.secondsPerDay)
    let candidates =
      before == after ? [before] : [Swift.min(before, after), Swift.max(before, after)]
    return candidates.filter { $0 + offset(at: $0) == local }
  }

  /// The moment at which the clocks show `local`: the first one, or, where an hour is skipped, what the
  /// clocks would have shown without the change.
  func moment(showing local: Int64) -> Int64 {
    moments(showing: local).first ?? local - offset(at: local - CivilDate.secondsPerDay)
  }
}
