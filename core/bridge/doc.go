// Package bridge is what stands behind the C ABI: handles, completion queues, the operations in flight and the dispatch
// of requests to the engine. It knows nothing of C; package main in capi maps its exported methods one to one onto the
// functions of the header.
package bridge
