// Command bench measures how fast Cairn is, and beside it, in the same run, three databases doing the same calculation.
//
// It is a module of its own, so that DuckDB and its C++ stay out of the product. Every measurement runs in a fresh child
// process and counts CPU seconds (user and system) beside the wall, because machines are noisy and CPU less so; peak memory is
// the high-water mark of resident memory in that child, input included. Nothing here is a test: it prints what it saw,
// beside the aims, and the results of all variants are compared with one another before any time is believed.
//
// Run it by `make bench`, which starts a PostgreSQL for it; `make bench QUICK=1` takes small sizes. Linux only: it reads /proc.
package main
