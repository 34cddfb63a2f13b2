// What `import Recurrent` gives: the modules below it, and what ties two of them together.
@_exported import RecurrentCharts
@_exported import RecurrentCore
@_exported import RecurrentData
@_exported import RecurrentFiles
