// Package feed reads RSS, Atom and JSON feeds: every item is an entry of whoever the feed is of, on the day that it appeared.
//
// Feeds show only their last few items, so they are asked often and what was seen is remembered. It keeps nothing itself: state
// goes in and comes out.
package feed
