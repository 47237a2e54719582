// Package another reads another board, of this or another Cairn, through its API: each of its final releases becomes entries of
// its players, so that one board's score is another's metric.
//
// It sees what its token may see, and keeps nothing: state goes in and comes out.
package another
