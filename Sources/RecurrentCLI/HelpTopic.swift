import ArgumentParser
import Recurrent

/// What `recurrent help TOPIC` tells.
struct HelpTopic {
  let name: String
  let text: String

  static let all = [
    data, seasons, checkpoints, ranks, exitCodes, reproducibility, environment, options,
  ]

  /// The answer to the words of a command, without the program's name; nil where they ask for no topic.
  ///
  /// - Throws: `ValidationError` if they name neither a topic nor a command.
  static func text(for words: [String]) throws -> String? {
    guard words.count == 2, words[0] == "help" else { return nil }
    let word = words[1].lowercased()
    if let topic = all.first(where: { $0.name == word }) {
      return TextWidth.wrapped(flowing(topic.text), columns: min(Terminal.width ?? 80, 100))
    }
    let commands = RecurrentCommand.configuration.subcommands.map { $0._commandName } + ["help"]
    guard !word.hasPrefix("-"), !commands.contains(word) else { return nil }
    let meant = word.nearest(of: all.map(\.name) + commands).map { " Did you mean '\($0)'?" } ?? ""
    throw ValidationError("There is no topic or command '\(words[1])'.\(meant)")
  }

  /// A shell's completion script in which `recurrent help` is followed by topics and commands; other text as it is.
  ///
  /// The parser writes these scripts, and knows only that help takes words.
  static func completing(_ script: String) -> String {
    let commands = RecurrentCommand.configuration.subcommands.map { $0._commandName }
    let words = (all.map(\.name) + commands).joined(separator: " ")
    let bash = #/_recurrent_help\(\) \{[^}]*__recurrent_offer_flags_options -1\n/#
    let fish =
      "complete -c 'recurrent' -n '__recurrent_should_offer_completions_for_positional \"recurrent help\" -eq 1' "
      + "-fa '\(words)'"
    return script.replacing(bash) {
      $0.output + """
            if [[ "${positional_number}" -eq 1 ]]; then
                COMPREPLY+=($(compgen -W '\(words)' -- "${cur}"))
            fi

        """
    }
    .replacing("'*:subcommands:'", with: "'1:topic or command:(\(words))' '*:subcommands:'")
      + (script.contains("\ncomplete -c 'recurrent'") ? "\n" + fish : "")
  }

  private static let data = HelpTopic(
    name: "data",
    text: """
      What is read.

      Tables are CSV files with a header, separated by comma, semicolon or tab, also packed by
      gzip, xz, bzip2 or zstd; - is standard input. A file that does not fit is told with its
      line and column.

        forecaster        a row a time: its time, a value, covariates
        classifier        texts and labels, or a file or folder a class
        tagger            CoNLL, CoNLL-U, a table with a token a row, JSON
        translator        a file with tabs, or two files line by line
        generator         plain text
        composer          MIDI files, piano rolls as JSON, folders of them
        image-classifier  folders of PNG files, IDX, CSV

      Texts are UTF-8; --encoding names another. The data has three parts: what is learned,
      what judges each epoch (--validation, --validation-fraction), and what only the report
      sees (--test, --test-fraction). Scales and vocabularies are fitted on the first alone.

      Without a file, forecaster and image-classifier train on data of the program.
      """)

  private static let seasons = HelpTopic(
    name: "seasons",
    text: """
      How a forecaster learns what repeats.

      --season 12 says how many rows a season has; --season 24,168 names two, as day and week
      of hourly rows; --season none, that there is none. Not given, it is found in the
      training rows, and the plan says which.

      A season is used three ways: the report has the seasonal naive forecast, "as one season
      ago", as a baseline; the network corrects that forecast where it is the better base
      (--base); and MASE is in units of its error. --calendar auto shows the network hour,
      weekday and day of the year, where the times are dates.

      Usual: 12 for months, 4 for quarters, 7 for days, 52 for weeks, 24 or 24,168 for hours.
      --window is best at least as long as the longest season.

        recurrent train forecaster airline.csv --season 12 --window 36 --horizon 12
      """)

  private static let checkpoints = HelpTopic(
    name: "checkpoints",
    text: """
      How a training survives.

      While it trains, a command keeps its run in the folder that it writes to: once a minute,
      and at the end of an epoch sooner where that costs little. Stopped by Ctrl-C, killed, or
      with the machine switched off, it goes on:

        recurrent resume FOLDER

      Its model has the same bits as that of a training that never stopped. The files that it
      reads must be what they were, and the program of the same version; else it is refused.
      A new training to the same folder is refused too, unless --restart gives the old one up.

      The first Ctrl-C asks to stop after the step, a second one ends at once; then the newest
      checkpoint counts. Two trainings cannot write to one folder. When the model is written,
      the checkpoints are removed. To go on training a finished model: --from MODEL.
      """)

  private static let ranks = HelpTopic(
    name: "ranks",
    text: """
      Training with several processes, on one machine or many.

      The program has to be built for it: swift build -c release --traits MPI. Then

        mpirun -n 4 recurrent train JOB ... --shards 8

      trains one model with four processes. Each batch is cut into 8 shards, whose gradients
      are added up in a fixed order: the model has the bits that one process gives with
      --shards 8. Not given, there is a shard for each process. An ensemble (--ensemble) is
      shared network by network, a search (recurrent tune) trial by trial.

      The first process speaks and writes. If one is lost, all end with an exit code other
      than 0, and recurrent resume, with any number of processes up to --shards, goes on.
      Commands other than train, tune and resume are done by the first process alone.
      """)

  private static let exitCodes = HelpTopic(
    name: "exit-codes",
    text: """
      How a command ends.

        0    done
        1    diff: something differs
        64   wrong flags or arguments; nothing was done
        65   something is wrong with a file or its data, or a result cannot
             be written; predict: some lines could not be answered, others were
        66   a file or folder that was named is not there
        70   training ran away: a number was not finite; a model is written only
             if an epoch before it was good, and then the message says so
        129  training was stopped by SIGHUP, 130 by SIGINT (Ctrl-C), 143 by SIGTERM;
             it goes on by recurrent resume

      Elsewhere than in training these signals end the program as usual. Errors stand on
      standard error, in one line that begins with "recurrent:", or, of wrong flags, with
      "Error:" and the usage.
      """)

  private static let reproducibility = HelpTopic(
    name: "reproducibility",
    text: """
      Same seed, same bits.

      Two trainings with the same data, flags, --seed and version of the program write the
      same model, bit for bit. It does not depend on the number of threads, on AVX2 or
      AVX-512, on being stopped and gone on with, on other work of the machine, or, with the
      same --shards, on the number of processes. Predictions do not depend on what else is in
      the batch.

      Other bits come from another --seed, another version, another number of --shards, from
      machines without fused multiply-add, and, of a search, from --budget, which looks at the
      clock.

      A model folder keeps its command and the checksums of its data in run.json:

        recurrent diff MODEL OTHER                 what differs, flags and data first
        recurrent train JOB DATA --options MODEL   with the flags of a model once more
      """)

  private static let environment = HelpTopic(
    name: "environment",
    text: """
      Variables that the program looks at.

        RECURRENT_THREADS  how many threads work, where --threads says nothing
        RECURRENT_KERNELS  portable, avx2 or avx512: the arithmetic to use, where
                           the machine has it (recurrent info lists what it has)
        COLUMNS            the width of help and charts where there is no terminal
        NO_COLOR           if not empty, charts have no colours; as with TERM=dumb

      Of mpirun and srun it reads how many processes were started.
      """)

  private static let options = HelpTopic(
    name: "options",
    text: """
      Options from a file, or of a model: --options, of train and tune.

        recurrent train forecaster new.csv --options airline      a model folder
        recurrent train forecaster new.csv --options small.json   a JSON file

      The file is one object. Its names are those of flags without their dashes, or as in
      learningRate; its values are numbers, texts, lists, and of flags without a value true
      or false:

        {"window": 36, "learning-rate": 0.001, "covariates": ["Open", "Volume"]}

      Of a model folder the flags of its training are taken, of a tuned one those that were
      found. Not taken is what belongs to one run: --output, --from, --threads, --progress,
      --json, --quiet, --force, --restart, and the files of --test and --validation.

      A flag on the command line wins. The plan says what was taken. Defaults that follow the
      size of the data, as --epochs, follow that of the new data.
      """)
}
