// Package mailtest runs a real mail server, mailpit, for tests: on free ports of this machine, gone when the test ends.
package mailtest
