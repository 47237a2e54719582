// Package forge asks GitHub and Gitea what was done in repositories: commits, pull requests opened and merged, reviews, issues
// closed, stars gained. It is one contract for both: what an event says does not tell which of the two it came from.
//
// Of a commit, a pull request or an issue no title and no text is kept, only who, when, where and its number. Nothing is asked
// twice that is known not to have changed, and a pull that is cut short goes on where it stopped.
package forge
