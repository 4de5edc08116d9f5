// Package incidenttest fills incidents for the tests of those who write about them.
package incidenttest

import (
	"reflect"
	"time"

	"jari.example/alerting/incident"
)

// Fill sets every string of i, also those of fields that are added later, to the text
// for its path, such as ".Facts.Title". What is empty gets an element first: a slice
// or a map one, a pointer a value.
func Fill(i *incident.Incident, text func(path string) string) {
	fill(reflect.ValueOf(i).Elem(), "", text)
}

func fill(v reflect.Value, path string, text func(path string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text(path))
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), path, text)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for n := range v.NumField() {
			fill(v.Field(n), path+"."+v.Type().Field(n).Name, text)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for n := range v.Len() {
			fill(v.Index(n), path+"[]", text)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, path+"[key]", text)
		if value.CanInt() {
			value.SetInt(7) // a number that is shown
		}
		fill(value, path+"[value]", text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	}
}
