// Whoever embeds the store writes `import Tallylog`: the words of questions come with it.
@_exported import Model
@_exported import Query
@_exported import Rules
