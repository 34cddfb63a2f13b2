/// The languages in which months and days are named.
enum TimeLanguage: String, Sendable, CaseIterable {
  case english = "en"
  case german = "de"
  case spanish = "es"
  case italian = "it"
  case portuguese = "pt"
  case dutch = "nl"
  // Last, as others shorten months like it does.
  case french = "fr"
}

/// The name of a month or a day.
struct TimeName: Sendable {
  let full: [UInt8]
  let short: [UInt8]
  /// The names as others write them: without accents, or shortened otherwise.
  let others: [[UInt8]]

  /// The name in full.
  var text: String { String(decoding: full, as: UTF8.self) }

  /// Names with `/` between, as in the table below.
  fileprivate init(_ text: Substring) {
    let names = text.split(separator: "/").map { Array($0.utf8) }
    full = names[0]
    short = names.count > 1 ? names[1] : Array(names[0].prefix(3))
    others = Array(names.dropFirst(2))
  }

  /// Whether a word is this name, in full or by its first letters.
  fileprivate func isWritten(_ word: some Collection<UInt8>, least: Int) -> Bool {
    func begins(_ name: [UInt8]) -> Bool { zip(word, name).allSatisfy { $0 | 0x20 == $1 | 0x20 } }
    let isPart = (least...5).contains(word.count) && word.count <= full.count
    return (isPart || word.count == full.count) && begins(full)
      || word.count == short.count && begins(short)
      || others.contains { word.count == $0.count && begins($0) }
  }
}

/// The names that times are written with.
///
/// Letters are compared without their case: in UTF-8, those of Western Europe differ in one bit, as in
/// ASCII.
enum TimeNames {
  static func months(_ language: TimeLanguage) -> [TimeName] { all[language]?.months ?? [] }
  static func days(_ language: TimeLanguage) -> [TimeName] { all[language]?.days ?? [] }
  static let halves = [TimeName("AM"), TimeName("PM")]

  /// Which of `names` a word is, in full or by its first letters: three, or `Sept`, `Tues`, `Thurs`; two
  /// of a day in other languages.
  static func place(
    of word: some Collection<UInt8>, among names: [TimeName], least: Int = 3
  ) -> Int? {
    names.firstIndex { $0.isWritten(word, least: least) }
  }

  static func day(_ word: some Collection<UInt8>, _ language: TimeLanguage) -> Int? {
    place(of: word, among: days(language), least: language == .english ? 3 : 2)
  }

  /// Full, shortened, and otherwise written; in English, the abbreviation is the first three letters.
  private static let all: [TimeLanguage: (months: [TimeName], days: [TimeName])] = [
    .english: named(
      "January February March April May June July August September October November December",
      "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    .german: named(
      "Januar/Jan/Jänner/Jän Februar/Feb/Feber März/Mrz/Maerz/Marz April/Apr Mai Juni/Jun Juli/Jul August/Aug September/Sep Oktober/Okt November/Nov Dezember/Dez",
      "Montag/Mo Dienstag/Di Mittwoch/Mi Donnerstag/Do Freitag/Fr Samstag/Sa/Sonnabend Sonntag/So"),
    .french: named(
      "janvier/janv février/févr/fevrier/fevr/fev mars/mars avril/avr mai juin/juin juillet/juil/jul août/août/aout/aoû septembre/sept octobre/oct novembre/nov décembre/déc/decembre/dec",
      "lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim"),
    .spanish: named(
      "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago septiembre/sept/setiembre/set octubre/oct noviembre/nov diciembre/dic",
      "lunes/lun martes/mar miércoles/mié/miercoles/mie jueves/jue viernes/vie sábado/sáb/sabado/sab domingo/dom"
    ),
    .italian: named(
      "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago settembre/set ottobre/ott novembre/nov dicembre/dic",
      "lunedì/lun/lunedi martedì/mar/martedi mercoledì/mer/mercoledi giovedì/gio/giovedi venerdì/ven/venerdi sabato/sab domenica/dom"
    ),
    .portuguese: named(
      "janeiro/jan fevereiro/fev março/mar/marco abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set outubro/out novembro/nov dezembro/dez",
      "segunda/seg terça/ter/terca quarta/qua quinta/qui sexta/sex sábado/sáb/sabado/sab domingo/dom"
    ),
    .dutch: named(
      "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep oktober/okt november/nov december/dec",
      "maandag/ma dinsdag/di woensdag/wo donderdag/do vrijdag/vr zaterdag/za zondag/zo"),
  ]

  private static func named(_ months: String, _ days: String) -> ([TimeName], [TimeName]) {
    (months.split(separator: " ").map(TimeName.init), days.split(separator: " ").map(TimeName.init))
  }

  /// Minutes east of UTC of zones by the names that clocks show; those of North America where others
  /// have the same.
  static let zones: [String: Int] = [
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
    "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
    "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
  ]

  /// The distance of the zone that a word names.
  static func zone(_ word: some Collection<UInt8>) -> Int? {
    zones[String(decoding: word, as: UTF8.self).uppercased()]
  }
}

/// Whether a byte is of a word: a letter, or part of one beyond ASCII.
@inline(__always)
func isWordByte(_ byte: UInt8) -> Bool { isLetter(byte) || byte >= 0x80 }
