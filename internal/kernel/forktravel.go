package kernel

import "encoding/json"

// forkBody is a [Fork] as it travels. The definition that it migrates to does not: the reader compiles it.
type forkBody struct {
	forkFields
	Copies []byte
	Begun  bool
	At     int64
	Bytes  int
}

// forkFields has the exported fields and none of the methods.
type forkFields Fork

// MarshalJSON writes a fork so that another process can begin with it.
func (f *Fork) MarshalJSON() ([]byte, error) {
	return json.Marshal(forkBody{forkFields(*f), Encode(nil, f.copies), f.begun, f.at, f.bytes})
}

// UnmarshalJSON reads what [Fork.MarshalJSON] wrote.
func (f *Fork) UnmarshalJSON(raw []byte) error {
	var b forkBody
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	ops, err := Decode(b.Copies)
	if err != nil {
		return err
	}
	*f = Fork(b.forkFields)
	f.copies, f.begun, f.at, f.bytes = ops, b.Begun, b.At, b.Bytes
	return nil
}
