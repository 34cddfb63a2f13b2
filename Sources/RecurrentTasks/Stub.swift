public enum BundledData { public static let goog = "Date,Close\n" }
