// Package release freezes the verdict of a period: scores, ranks, parts, parameters and stories.
//
// A release is a draft until it is published; a final release never changes, which the database itself enforces. A
// mistake is mended by a new edition that names the one before and the reason. A bundle holds all that is needed to
// recompute a release offline, and names the digest of the release before it.
//
// # How a release comes about
//
// Inside one write transaction the entries of the period are taken, judged beside the release before, told, packed and
// stored; the row of the release comes last, so that a crash leaves the draft or the final release and nothing between.
// The same judge recomputes a bundle: what Verify compares is what was published, to the byte.
//
// # How it is stored
//
// Chunks of 128 players in rank order hold the columns: names as of the release, score, exact score, rank, tag ranks, the
// taken values, published points, and what moved the score. Numbers come back bit for bit; counts take few bits. The
// exact parts of a card are not stored: the engine gives the same bits again from the taken values and the recorded
// parameters. Two indexes lie beside the chunks, the players by key and the standing (score, rank) of every member by
// number, and a head with what is about all players. In memory a release stays as it is stored and is read cell by cell.
package release
