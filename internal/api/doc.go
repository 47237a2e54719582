// Package api is the front door for programs: REST over JSON, described by OpenAPI 3.1.
//
// Every operation stands in one table with its permission, the scope that a token needs and the pages that do the same. It
// calls the same methods of the same rooms as the pages, so that a program may do what its owner may, and nothing else: what
// is absent and what is not theirs are the same answer. Every error is a problem (RFC 9457) with the kind of fault. A POST
// that carries an Idempotency-Key is done once; what is read carries an ETag, and may be changed only by who has seen it
// where If-Match says so.
//
// It reads no cookie: a browser's visitor is nobody here. It knows no database.
package api
