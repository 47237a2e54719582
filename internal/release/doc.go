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
// # When it comes about
//
// A board has a rhythm (board.Rhythm), and the Clock keeps it. The periods of a board take turns: one is open at a time, and the next
// one's turn begins in the transaction that ends it, so that none is skipped and none comes twice, however often programs die, whichever
// of them runs the job, and whatever their clocks do meanwhile. A turn closes (the draft, the managers are told), waits for late data,
// and ends: released, empty, or left out by a manager. What was missed is caught up in the same order.
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
