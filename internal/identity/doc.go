// Package identity knows who asks: accounts, how they sign in, where they are signed in, and the tokens of programs.
//
// An account is one person, known by addresses that the person proved to read, by passkeys, and by what OpenID Connect
// providers say. There are no passwords. The number of an account is the number of its owner's player record, on all boards.
//
// Every secret that lets somebody in (of a link, a session, a token, a ceremony) is 256 random bits of which only the hash is
// kept. A link is good once, for fifteen minutes, in the browser that asked for it; only those made at the console are bound
// to no browser, for an hour. What is absent, used, expired and not yours gets the same answer at the door. A session lasts
// thirty days, two idle weeks, and as long as the same family of browsers asks for it. What cannot be undone, and every change
// of the ways in, wants a proof that is at most ten minutes old: a session alone, stolen or forgotten, is not enough.
//
// What somebody may do to a board is not known here.
package identity
