// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "RecurrentBenchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "recurrent-benchmarks", targets: ["RecurrentBenchmarks"]),
    .executable(name: "ranks-benchmark", targets: ["RanksBenchmark"]),
  ],
  traits: [
    .trait(
      name: "HDF5", description: "As in Recurrent, so that both can be built in one folder."),
    .trait(name: "MPI", description: "Ranks by the system's MPI, for ranks-benchmark."),
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
      name: "RecurrentBenchmarks",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "RecurrentONNX", package: "Recurrent"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "RanksBenchmark",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        .product(name: "RecurrentTasks", package: "Recurrent"),
        .product(name: "RecurrentMPI", package: "Recurrent"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
