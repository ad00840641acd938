package main

// ballast is memory that is never touched, so that it costs addresses only: the collector runs when the heap has grown
// by as much as it holds, and without it would do so for every 4 MiB of requests and results.
var ballast []byte //nolint:unused // to hold it is its use

const ballastSize = 16 << 20

func init() { ballast = make([]byte, ballastSize) }
