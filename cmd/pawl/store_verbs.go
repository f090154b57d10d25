package main

// storeCmd are the verbs about the store as such. None of them opens an engine.
type storeCmd struct {
	Rekey storeRekeyCmd `cmd:"" help:"Wrap the keys of encrypted payloads with the current key."`
}
