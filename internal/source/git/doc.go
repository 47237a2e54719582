// Package git reads a git repository as a source: who committed, changed lines, touched files and reviewed, and when.
//
// It runs the git program on the machine and nothing that the repository asks for: no hook, filter, pager, signature
// check, external diff, file system monitor or network. Authors, co-authors and reviewers are known by their e-mail
// address after .mailmap; nothing of a change but its counts is kept.
package git
