// Package reach is the only way out of the server over HTTP for addresses that people gave: it opens no connection into
// private networks.
//
// An address is judged where the connection is opened, after its name was looked up, for every attempt and every redirect,
// so that neither a redirect nor a name that changes its mind leads inside. What the operator allowed is open. Answers are
// read up to a bound. It keeps nothing and never writes an address, a header or a body into a log.
package reach
