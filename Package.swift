// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Recurrent",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "Recurrent", targets: ["Recurrent"]),
    .library(name: "RecurrentTasks", targets: ["RecurrentTasks"]),
    .library(name: "RecurrentONNX", targets: ["RecurrentONNX"]),
    .library(name: "RecurrentHDF5", targets: ["RecurrentHDF5"]),
    .library(name: "RecurrentMPI", targets: ["RecurrentMPI"]),
    .executable(name: "recurrent", targets: ["RecurrentCLI"]),
  ],
  traits: [
    .trait(
      name: "HDF5", description: "Files of Keras 2 by the system's HDF5 library (libhdf5-dev)."),
    .trait(
      name: "MPI", description: "Training on many machines by the system's MPI (libopenmpi-dev)."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .target(name: "RecurrentKernels"),
    .systemLibrary(name: "SystemZlib", providers: [.apt(["zlib1g-dev"]), .yum(["zlib-devel"])]),
    .target(name: "RecurrentFiles", dependencies: ["SystemZlib"]),
    .target(name: "RecurrentData", dependencies: ["RecurrentFiles"]),
    .target(name: "RecurrentCharts", dependencies: ["RecurrentFiles"]),
    .target(name: "RecurrentCore", dependencies: ["RecurrentKernels", "RecurrentFiles"]),
    .target(
      name: "Recurrent",
      dependencies: ["RecurrentCore", "RecurrentData", "RecurrentCharts", "RecurrentFiles"]),
    .target(name: "RecurrentONNX", dependencies: ["RecurrentCore", "RecurrentFiles"]),
    .systemLibrary(name: "SystemHDF5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .target(
      name: "RecurrentHDF5",
      dependencies: [
        "RecurrentCore", "RecurrentFiles",
        .target(name: "SystemHDF5", condition: .when(traits: ["HDF5"])),
      ],
      linkerSettings: [
        .linkedLibrary("hdf5_serial", .when(platforms: [.linux], traits: ["HDF5"])),
        .linkedLibrary("hdf5", .when(platforms: [.macOS], traits: ["HDF5"])),
      ]),
    .systemLibrary(name: "SystemMPI", providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .target(
      name: "RecurrentMPI",
      dependencies: [
        "RecurrentCore", "RecurrentFiles",
        .target(name: "SystemMPI", condition: .when(traits: ["MPI"])),
      ],
      linkerSettings: [.linkedLibrary("mpi", .when(traits: ["MPI"]))]),
    .target(name: "RecurrentTasks", dependencies: ["Recurrent", "RecurrentONNX"]),
    .executableTarget(
      name: "RecurrentCLI",
      dependencies: [
        "RecurrentTasks", "RecurrentONNX", "RecurrentMPI",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(name: "TestSupport", dependencies: ["Recurrent"], path: "Tests/TestSupport"),
    .testTarget(name: "RecurrentKernelsTests", dependencies: ["RecurrentKernels", "TestSupport"]),
    .testTarget(name: "RecurrentFilesTests", dependencies: ["RecurrentFiles", "TestSupport"]),
    .testTarget(name: "RecurrentDataTests", dependencies: ["Recurrent", "TestSupport"]),
    .testTarget(name: "RecurrentChartsTests", dependencies: ["Recurrent", "TestSupport"]),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "RecurrentCoreTests", dependencies: ["Recurrent", "TestSupport", "AllocationCounter"]),
    .testTarget(
      name: "RecurrentONNXTests",
      dependencies: ["Recurrent", "RecurrentONNX", "RecurrentTasks", "TestSupport"]),
    .testTarget(
      name: "RecurrentHDF5Tests", dependencies: ["Recurrent", "RecurrentHDF5", "TestSupport"]),
    .testTarget(name: "RecurrentTasksTests", dependencies: ["RecurrentTasks", "TestSupport"]),
    .testTarget(
      name: "RecurrentCLITests", dependencies: ["RecurrentCLI", "RecurrentONNX", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
