// Package protocol is a small model of what everything rests on: batches on numbered lanes, fences, claims, and
// outcomes that nobody hears of (ENGINE 3 and 4). It explores every order in which a small world can go, so that what
// the seeded world finds by chance is shown here for all of that world.
//
// The model is not the engine: it imports nothing and says in a few hundred lines what engine and stores must do. Each
// rule can be switched off, and then a violation must be found; the shortest way to it is told.
package protocol
