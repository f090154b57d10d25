package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/model"
)

var null = json.RawMessage("null")

// wrap gives a typed function the shape in which all are called. What a type needs is found out once, here.
func wrap[In, Out any](fn func(context.Context, In) (Out, error)) func(context.Context, json.RawMessage) (json.RawMessage, error) {
	dec, enc := decoder[In](), encoder[Out]()
	return func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		var in In
		if dec != nil {
			if err := dec(args, &in); err != nil {
				return nil, err
			}
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, err
		}
		if enc == nil {
			return null, nil
		}
		return enc(&out)
	}
}

// decoder returns how to read an In; nil where there is nothing to read.
func decoder[In any]() func(json.RawMessage, *In) error {
	var zero In
	switch any(zero).(type) {
	case struct{}:
		return nil
	case json.RawMessage:
		// A copy: the bytes belong to the engine, and a function may change what it is given.
		return func(args json.RawMessage, in *In) error {
			if len(args) == 0 {
				args = null
			}
			*any(in).(*json.RawMessage) = bytes.Clone(args)
			return nil
		}
	}
	return func(args json.RawMessage, in *In) error {
		if len(args) == 0 || bytes.Equal(args, null) {
			return nil
		}
		if err := json.Unmarshal(args, in); err != nil {
			return badArgs(err)
		}
		return nil
	}
}

// encoder returns how to write an Out; nil where it is always null.
func encoder[Out any]() func(*Out) (json.RawMessage, error) {
	var zero Out
	switch any(zero).(type) {
	case struct{}:
		return nil
	case json.RawMessage:
		return func(out *Out) (json.RawMessage, error) {
			raw := *any(out).(*json.RawMessage)
			if len(raw) == 0 {
				return null, nil
			}
			return bytes.Clone(raw), nil // the function may use its buffer again; the runner checks that it is JSON
		}
	}
	return func(out *Out) (json.RawMessage, error) { return encode(*out) }
}

// encode writes v as JSON. Unlike encoding/json it refuses text that is not valid UTF-8 instead of changing it.
func encode(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, unencodable(err)
	}
	// encoding/json writes the replacement character as an escape only where it replaced something.
	if bytes.Contains(b, []byte(`\ufffd`)) && !ValidText(v) {
		return nil, badResult("the output holds text that is not valid UTF-8")
	}
	return b, nil
}

func unencodable(err error) *model.Error {
	var kind *json.UnsupportedTypeError
	if errors.As(err, &kind) {
		return badResult("the output holds a %s, which JSON cannot express", kind.Type)
	}
	var value *json.UnsupportedValueError
	if errors.As(err, &value) {
		return badResult("the output holds %s, which JSON cannot express", value.Str)
	}
	return badResult("the output cannot be written as JSON: %v", err)
}

// ValidText reports whether every string in v is valid UTF-8, so that encoding/json writes it as it is. What writes its
// own JSON is taken as valid.
func ValidText(v any) bool { return validText(reflect.ValueOf(v), 0) }

// validText reports whether every string in v is valid UTF-8, as far as it can see: what writes its own JSON, and
// anything nested deeper than a journal allows, is taken as valid.
func validText(v reflect.Value, depth int) bool {
	if depth > 100 || !v.IsValid() {
		return true
	}
	if _, own := reflect.TypeAssert[json.Marshaler](v); own {
		return true
	}
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || validText(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !validText(v.Field(i), depth+1) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return true
		}
		for i := range v.Len() {
			if !validText(v.Index(i), depth+1) {
				return false
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if !validText(k, depth+1) || !validText(v.MapIndex(k), depth+1) {
				return false
			}
		}
	}
	return true
}
