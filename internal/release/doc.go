// Package release freezes the verdict of a period: scores, ranks, parts, parameters and stories.
//
// A release is a draft until it is published; a final release never changes, which the database itself enforces. A
// mistake is mended by a new edition that names the one before and the reason. A bundle holds all that is needed to
// recompute a release offline, and names the digest of the release before it.
package release
