import Recurrent

/// How forecasts went series by series: errors of all windows together hide where they are good, and are
/// those of the series with many windows.
public struct SeriesComparison: Sendable, Codable, Equatable {
  /// How often the network is the better one.
  public struct Rival: Sendable, Codable, Equatable {
    /// The rival's name in reports.
    public let name: String
    /// The share of series whose MASE is lower with the network; nil where none has one.
    public let beatenByMASE: Double?
    /// The share of series whose sMAPE is lower with the network.
    public let beatenBySMAPE: Double
  }

  /// The errors of one series.
  public struct One: Sendable, Codable, Equatable {
    /// The series' name.
    public let name: String
    /// The network's; nil where the training rows never change.
    public let mase: Double?
    /// The network's, in percent.
    public let smape: Double
    /// The best of the others: by MASE, without one by sMAPE.
    public let rival: String
    /// The MASE of that.
    public let rivalMASE: Double?
    /// The sMAPE of that, in percent.
    public let rivalSMAPE: Double
  }

  /// Series with a window.
  public let count: Int
  /// The network beside each of the others.
  public let rivals: [Rival]
  /// The series with the smallest errors by MASE, the smallest first; up to ten series all.
  public let best: [One]
  /// The series with the largest errors, the largest first; of up to ten series none.
  public let worst: [One]

  /// The best and the worst that are kept.
  private static var kept: Int { 5 }

  /// - Parameters:
  ///   - names: what the others are called.
  ///   - series: the errors of the network and of each of the others, at least one other.
  init(
    _ names: [String], _ series: [(name: String, model: ForecastErrors, others: [ForecastErrors])]
  ) {
    count = series.count
    func share(_ places: [Bool]) -> Double? {
      places.isEmpty ? nil : Double(places.count(where: \.self)) / Double(places.count)
    }
    rivals = names.indices.map { place in
      let scaled = series.compactMap { one in
        one.model.mase.flatMap { own in one.others[place].mase.map { own < $0 } }
      }
      return Rival(
        name: names[place], beatenByMASE: share(scaled),
        beatenBySMAPE: share(series.map { $0.model.smape < $0.others[place].smape }) ?? 0)
    }
    func measure(_ errors: ForecastErrors) -> Double { errors.mase ?? errors.smape }
    let all = series.map { one in
      let best = names.indices.min { measure(one.others[$0]) < measure(one.others[$1]) } ?? 0
      return One(
        name: one.name, mase: one.model.mase, smape: one.model.smape, rival: names[best],
        rivalMASE: one.others[best].mase, rivalSMAPE: one.others[best].smape)
    }
    // Those without a MASE are neither the best nor the worst of many.
    let sorted = all.sorted { ($0.mase ?? .infinity, $0.name) < ($1.mase ?? .infinity, $1.name) }
    let isFew = sorted.count <= 2 * Self.kept
    let ranked = isFew ? sorted : sorted.filter { $0.mase != nil }
    best = isFew ? ranked : Array(ranked.prefix(Self.kept))
    worst = isFew ? [] : Array(ranked.suffix(Self.kept).reversed())
  }

  /// A sentence on the share of series for which the network is better than one of the others.
  func verdict(beside name: String) -> String? {
    guard let rival = rivals.first(where: { $0.name == name }) else { return nil }
    func percent(_ share: Double) -> String { "\(NumberFormat.fixed(share * 100, 0)) %" }
    let scaled = rival.beatenByMASE.map { "\(percent($0)) of the series by MASE, " } ?? ""
    return "The model is better on \(scaled)\(percent(rival.beatenBySMAPE))"
      + (scaled.isEmpty ? " of the series" : "") + " by sMAPE."
  }
}

extension SeriesComparison: CustomStringConvertible {
  /// Tables: shares of series, and the best and the worst by name.
  public var description: String {
    func number(_ value: Double?, _ decimals: Int) -> String {
      value.map { NumberFormat.fixedOrShort($0, decimals) } ?? "–"
    }
    let shares =
      [["the model is better on, of \(NumberFormat.grouped(count)) series", "by MASE", "by sMAPE"]]
      + rivals.map { rival in
        ["than " + rival.name]
          + [rival.beatenByMASE, rival.beatenBySMAPE].map {
            $0.map { NumberFormat.fixed($0 * 100, 0) + " %" } ?? "–"
          }
      }
    let head = ["MASE", "sMAPE %", "best of the others", "MASE", "sMAPE %"]
    func rows(_ series: [One]) -> [[String]] {
      series.map {
        [
          $0.name, number($0.mase, 3), number($0.smape, 2), $0.rival, number($0.rivalMASE, 3),
          number($0.rivalSMAPE, 2),
        ]
      }
    }
    let errors =
      worst.isEmpty
      ? [["series"] + head] + rows(best)
      : [["best series"] + head] + rows(best) + [["worst series"]] + rows(worst)
    return "By series:\n\(TextTable(shares))\n\n\(TextTable(errors))"
  }
}
