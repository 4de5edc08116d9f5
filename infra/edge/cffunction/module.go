package cffunction

import (
	"errors"

	"github.com/dop251/goja"
)

// module is the part of `import cf from 'cloudfront'` that our function uses.
func (in *instance) module(store map[string]string) *goja.Object {
	m := in.rt.NewObject()
	m.Set("selectRequestOriginById", func(id string) { in.origin = id })
	m.Set("kvs", func() (*goja.Object, error) {
		if store == nil {
			return nil, errors.New("no key-value store is associated")
		}
		kvs := in.rt.NewObject()
		kvs.Set("get", func(key string) *goja.Promise {
			p, resolve, reject := in.rt.NewPromise()
			if v, ok := store[key]; ok {
				resolve(v)
			} else {
				reject(in.rt.NewGoError(errors.New("KeyNotFound")))
			}
			return p
		})
		kvs.Set("exists", func(key string) *goja.Promise {
			p, resolve, _ := in.rt.NewPromise()
			_, ok := store[key]
			resolve(ok)
			return p
		})
		return kvs, nil
	})
	return m
}
