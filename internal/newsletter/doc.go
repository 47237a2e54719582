// Package newsletter turns a final release into one message for each reader who wants it, and delivers each once.
//
// When a release becomes final its newsletter is queued in the same transaction; a minute later the ledger gets a line for every
// member with an account. Each line ends as sent, or skipped and why. A line is marked before its message leaves and after it was
// taken; a program that dies between the two leaves a line that is doubtful, which is shown and never sent again by itself. So
// nobody is skipped and nobody gets a second copy. Old periods, and releases that a later one has overtaken, wait for a manager.
//
// A reader says how they want to be told, for one board or for all: by mail, by text, in chat, or not at all. That holds from
// the next message on, needs no signing in, and outlives boards. Addresses that bounced or complained are written to no more.
//
// What a letter says is what its reader may see at the moment it is written: the same release.View as the pages. Managers are
// reminded of what is due by mails that hold nobody's number.
package newsletter
