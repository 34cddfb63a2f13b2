/// Data that the library carries in itself, so that a first run needs no file.
///
/// ```swift
/// let prices = try Series.read(Table(csvText: BundledData.goog), value: "Close")[0]
/// ```
public enum BundledData {}
