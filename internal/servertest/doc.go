// Package servertest runs, for tests, real servers that others wrote: each on free ports of this machine, gone when the test ends.
package servertest
