// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "RecurrentServer",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "recurrent-server", targets: ["recurrent-server"])],
  traits: [
    .default(enabledTraits: ["StateFile"]),
    .trait(
      name: "StateFile",
      description:
        "States of streams in a file of SQLite (libsqlite3-dev): recurrent-server --state."),
  ],
  dependencies: [
    .package(name: "Recurrent", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    .target(name: "InferenceProtocol"),
    .target(
      name: "ModelServing",
      dependencies: [
        "InferenceProtocol", .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "RecurrentONNX", package: "Recurrent"),
        .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["StateFile"])),
      ]),
    .target(
      name: "ServerHTTP",
      dependencies: [
        "InferenceProtocol", "ModelServing",
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]),
    .target(
      name: "Playground",
      dependencies: [
        "InferenceProtocol", "ModelServing", "ServerHTTP",
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      // In the program itself: no folder that must be found when it runs.
      resources: [.embedInCode("Page")]),
    .executableTarget(
      name: "recurrent-server",
      dependencies: [
        "InferenceProtocol", "ModelServing", "Playground", "ServerHTTP",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "StepClient", path: "Examples/StepClient"),
    .testTarget(
      name: "PlaygroundTests",
      dependencies: [
        "Playground",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ]),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "ServerHTTP",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], exclude: ["Fixtures"]),
  ],
  swiftLanguageModes: [.v6]
)
