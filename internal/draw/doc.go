// Package draw turns a workflow into a picture: text for terminals, Mermaid and DOT for documents, SVG for pages.
//
// Text and SVG share one layered layout: nodes are ranked by their longest path from the start, edges run downwards
// through channels between the ranks, and edges that go back run through lanes at the right. Equal workflows give
// equal pictures, byte for byte.
//
// The package must not know how a definition is written (internal/spec) or how it runs (internal/kernel).
package draw
