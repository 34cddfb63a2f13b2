// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "RecurrentExamples",
  platforms: [.macOS(.v15)],
  products: [.library(name: "RecurrentAudio", type: .dynamic, targets: ["AudioLibrary"])],
  traits: [
    .trait(name: "HDF5", description: "As in Recurrent, so that both can be built in one folder."),
    .trait(name: "MPI", description: "As in Recurrent."),
  ],
  dependencies: [
    .package(
      name: "Recurrent", path: "..",
      traits: [
        .trait(name: "HDF5", condition: .when(traits: ["HDF5"])),
        .trait(name: "MPI", condition: .when(traits: ["MPI"])),
      ]),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "Quickstart", dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      path: "Quickstart"),
    .executableTarget(
      name: "CustomCell", dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      path: "CustomCell"),
    .executableTarget(
      name: "Texts",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
      ],
      path: "Texts"),
    .executableTarget(
      name: "StockForecast",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "StockForecast"),
    .executableTarget(
      name: "LongMemory",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "LongMemory", exclude: ["README.md", "gradients.svg"]),
    .executableTarget(
      name: "Guide",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentONNX", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
      ],
      path: "Guide"),
    .target(name: "Wave", path: "Wave"),
    .executableTarget(
      name: "VoiceActivity",
      dependencies: [
        "Wave", .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentONNX", package: "Recurrent"),
      ], path: "VoiceActivity"),
    .executableTarget(
      name: "NoiseSuppression",
      dependencies: [
        "Wave", .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentONNX", package: "Recurrent"),
      ], path: "NoiseSuppression"),
    .executableTarget(
      name: "AudioEffect",
      dependencies: ["Wave", .product(name: "Recurrent", package: "Recurrent")],
      path: "AudioEffect"),
    .target(
      name: "AudioLibrary", dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      path: "AudioLibrary", exclude: ["host.c", "recurrent_audio.h"]),
    .executableTarget(
      name: "Phonemes", dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      path: "Phonemes"),
  ],
  swiftLanguageModes: [.v6]
)
