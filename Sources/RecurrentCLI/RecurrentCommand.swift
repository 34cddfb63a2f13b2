import ArgumentParser

@main
struct RecurrentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "recurrent")
}
