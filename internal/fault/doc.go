// Package fault is the kinds of error that Cairn tells apart, with messages that are safe to show.
//
// A fault's message says what was wrong, where, and what to do next, in words for people; its cause is for the log
// only. The kind decides the HTTP status, the exit code and what a job does next. Nothing outside this package maps
// kinds to numbers.
package fault
