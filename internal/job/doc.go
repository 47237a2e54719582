// Package job keeps durable work: enqueued in the caller's transaction, leased while it runs, retried by kind of fault.
//
// A job is enqueued with the change that causes it or not at all. It runs at least once, however the program ends; its key
// makes repeating it harmless. Any number of programs may share the work of one database: a job is leased to one of them
// for five minutes, and begun again by any of them where that one died. A program begins the kinds that it handles and
// leaves the others alone.
//
// A program runs four jobs at once and two of a kind, so that thousands of letters do not keep a board from being released.
//
// What becomes of a job that fails depends on the kind of its fault:
//
//	Limited                          again after the wait
//	Unavailable                      again, later and later, for three days; then dead
//	Internal, a panic, a crash       again, five times in all; then dead
//	Withheld                         skipped, and kept to be seen
//	every other                      dead at once
//
// A job that is done leaves nothing. One that was skipped or is dead is listed for 30 days. Payloads, keys and the words of
// faults are kept and shown meanwhile, so they hold identifiers, never a name, an address or a secret.
package job
