// Package coaching keeps what coaches and players say to one another about a score: tips, help for a metric, questions and talks.
//
// A tip belongs to the board whose coach wrote it, names its author, and hangs on a kind of story or on a metric; its author may lend
// it to every board of the server. Help says of a metric what counts and what does not, with an example of each. A question goes
// to one person, a coach, a manager or a player who offered it, and only these two see it; its answer may become part of the help, in
// the words of whoever asked only where they allow it. Whom to talk to next follows from releases, as far as the coach was given the
// players, and what came of a talk is read from the releases around it.
//
// Nothing here is ever shown to other players, save for what its author published.
package coaching
