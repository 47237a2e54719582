// Package client speaks to a Cairn server: everything that its API can do, from Go.
//
//	c, err := client.New("https://scores.example.org", client.Token("cairn_…"))
//	card, err := c.MyCard(ctx, "sales-club", client.Latest)
//
// The types here are the words of the API itself: the server answers with them. It needs the standard library alone. A call
// that fails returns a *Problem with the kind of what was wrong; a POST that found no answer is sent again under the same
// Idempotency-Key, so that nothing is done twice.
package client
