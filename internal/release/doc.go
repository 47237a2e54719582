// Package release freezes the verdict of a period: scores, ranks, parts, parameters and stories.
//
// A release is a draft until it is published; a final release never changes, which the database itself enforces. A
// mistake is mended by a new edition that names the one before and the reason. A bundle holds all that is needed to
// recompute a release offline, and names the digest of the release before it.
//
// # How a release comes about
//
// Inside one write transaction the entries of the period are taken, of the members who are scored at that instant and as far as they
// grant it, judged beside the release before, told, packed and stored; the row of the release comes last, so that a crash leaves the
// draft or the final release and nothing between. The same judge recomputes a bundle: what Verify compares is what was published, to
// the byte.
//
// A release freezes numbers, never names: it knows people by a reference drawn by lot. Names are looked up when it is read.
//
// # How it is read
//
// Whoever shows a release says to whom: a View has the lines, figures and values that are for that reader, as if whoever is hidden from
// them were not there. A figure about a few is withheld, and a measure that is not for the reader is told together with another, so that
// it cannot be worked out.
//
// # How it is stored
//
// Chunks of 128 players in rank order hold the columns: reference, score, exact score, rank, tag ranks, the
// taken values, published points, and what moved the score. Numbers come back bit for bit; counts take few bits. The
// exact parts of a card are not stored: the engine gives the same bits again from the taken values and the recorded
// parameters. Indexes lie beside the chunks, the players by reference, the standing (score, rank) of every member by
// number, what players keep to themselves, and a head with what is about all players. In memory a release stays as it is stored and is read cell by cell.
package release
