// Package mailtest runs mail servers for tests, on free ports of this machine, gone when the test ends: mailpit, a real one that
// keeps and judges what it is handed; Postfix, another, which sends back what it cannot deliver; and a Sink, which refuses,
// delays, forgets or hangs up at any step, as a script says.
package mailtest
