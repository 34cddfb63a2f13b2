import Foundation

/// The time as answers tell it, written anew each second.
struct HTTPDate {
  private var second = 0
  private var written = ""

  var text: String {
    mutating get {
      var now = time(nil)
      guard now != second || written.isEmpty else { return written }
      var parts = tm()
      gmtime_r(&now, &parts)
      let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
      let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
      ]
      func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
      written =
        "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
        + "\(1900 + parts.tm_year) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
      second = now
      return written
    }
  }
}
